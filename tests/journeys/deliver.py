"""A worker that may be killed: ``python -m tests.journeys.deliver BOARD SECONDS PATIENCE`` delivers what is due.

For it so many seconds have passed. Without a board (an empty word) it delivers by the shop's own. For a row that somebody
has locked it waits as many seconds as it has patience; through a pooler, to which nobody can say so at connecting, as long
as the role says.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import django

from mall.events import Event, OrderPaid


def count_slowly(event: Event, *, at: datetime) -> None:
    """Count the event, then take for ever, with the transaction open."""
    count(event, at=at)
    time.sleep(60)


def count(event: Event, *, at: datetime) -> None:
    """Count the event."""
    from django.db.models import F

    from apps.base.models import JobRun

    JobRun.objects.filter(name="counted").update(handled=F("handled") + 1)


SLOW: Mapping[type[Event], Sequence[str]] = {OrderPaid: ["tests.journeys.deliver.count_slowly"]}


def main() -> None:
    django.setup()
    from django.conf import settings
    from django.utils import timezone

    from apps.outbox import services as outbox

    board, seconds, patience = sys.argv[1:]
    options = settings.DATABASES["default"]["OPTIONS"]
    if "options" in options:
        options["options"] += f" -c lock_timeout={patience}s"
    if board:
        settings.OUTBOX_SUBSCRIPTIONS = board
    outbox.deliver_due(at=timezone.now() + timedelta(seconds=float(seconds)))


if __name__ == "__main__":
    main()
