"""What makes a help look arranged: bursts and rings. It is held for a look, never refused; an address alone is no reason."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from apps.bargain.models import Help, Run

_MINUTE: Final = timedelta(minutes=1)
_MONTH: Final = timedelta(days=30)


def of_help(run: Run, *, helper_id: int, at: datetime) -> str:
    """Why a help should be looked at before it cuts, empty for no reason: two statements.

    A burst: more helps in one run within a minute than friends give. A ring: the two have helped each other again
    and again within thirty days.
    """
    recent = Help.objects.filter(run=run, at__gt=at - _MINUTE).count()
    if recent >= settings.BARGAIN_BURST_PER_MINUTE:
        return f"一分钟内已有 {recent} 人帮砍"
    back = Help.objects.filter(member_id=run.member_id, run__member_id=helper_id, at__gt=at - _MONTH)
    forth = Help.objects.filter(member_id=helper_id, run__member_id=run.member_id, at__gt=at - _MONTH)
    mutual = min(back.count(), forth.count())
    if mutual >= settings.BARGAIN_RING_HELPS:
        return f"三十天内互相帮砍 {mutual} 次"
    return ""
