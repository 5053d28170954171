"""What orders do about news: their buyers are told."""

from __future__ import annotations

from datetime import datetime

from apps.messaging import services as messaging
from mall import events


def tell_on_order_paid(event: events.OrderPaid, *, at: datetime) -> None:
    """Tell the buyer that the money has arrived."""
    messaging.write(
        scene="order_paid",
        member_id=event.member_id,
        subject=event.order_no,
        occasion=event.order_no,
        at=at,
    )
