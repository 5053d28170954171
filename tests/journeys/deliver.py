"""A worker that may be killed: ``python -m tests.journeys.deliver [BOARD]`` delivers what is due, by that board."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime

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

    if sys.argv[1:] != [""]:
        settings.OUTBOX_SUBSCRIPTIONS = sys.argv[1]
    outbox.deliver_due(at=timezone.now())


if __name__ == "__main__":
    main()
