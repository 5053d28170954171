"""What bargains do about news: whoever opened one is told that it is at its floor."""

from __future__ import annotations

from datetime import datetime

from apps.messaging import services as messaging
from mall import events


def tell_on_bargain_at_floor(event: events.BargainAtFloor, *, at: datetime) -> None:
    """Tell the member of the run, once."""
    messaging.write(
        scene="bargain_floor",
        member_id=event.member_id,
        subject=event.bargain_no,
        occasion=event.bargain_no,
        at=at,
    )
