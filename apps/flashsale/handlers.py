"""What flash sales do about news: whoever waited is told of their turn."""

from __future__ import annotations

from datetime import datetime

from apps.messaging import services as messaging
from mall import events


def tell_on_flash_turn_given(event: events.FlashTurnGiven, *, at: datetime) -> None:
    """Tell the waiter of a right to a unit; each right once."""
    messaging.write(
        scene="wait_turn",
        member_id=event.member_id,
        subject=str(event.good_id),
        occasion=f"{event.good_id}@{event.until}",
        at=at,
        expires_at=datetime.fromisoformat(event.until),
    )
