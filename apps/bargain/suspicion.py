"""What makes a help look arranged: bursts and rings. Whether that holds it, the rules of risk say; an address never does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from apps.bargain.models import Help, Run
from apps.risk.scoring import Found
from apps.risk.states import Clue

_MINUTE: Final = timedelta(minutes=1)
_MONTH: Final = timedelta(days=30)


def of_help(run: Run, *, helper_id: int, at: datetime) -> Iterator[Found]:
    """What counts against a help before it cuts: two statements.

    A burst: how many helped in one run within a minute. A ring: how often the two have helped each other within thirty
    days.
    """
    if recent := Help.objects.filter(run=run, at__gt=at - _MINUTE).count():
        yield Found(Clue.HELP_BURST, recent, f"一分钟内已有 {recent} 人帮砍")
    back = Help.objects.filter(member_id=run.member_id, run__member_id=helper_id, at__gt=at - _MONTH)
    forth = Help.objects.filter(member_id=helper_id, run__member_id=run.member_id, at__gt=at - _MONTH)
    if mutual := min(back.count(), forth.count()):
        yield Found(Clue.HELP_RING, mutual, f"三十天内互相帮砍 {mutual} 次")
