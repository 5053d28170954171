"""What deadlines do about news: an order that left or was refunded ends its promise; who is put off is told."""

from __future__ import annotations

from datetime import datetime

from apps.deadlines.services import fixing
from apps.messaging import services as messaging
from mall.events import OrderDelayed, OrderRefunded, OrderShipped


def end_on_order_shipped(event: OrderShipped, *, at: datetime) -> None:
    """The order has left: kept, or late."""
    fixing.end(order_no=event.order_no, at=at)


def end_on_order_refunded(event: OrderRefunded, *, at: datetime) -> None:
    """Nothing is owed any more, where all of it went back."""
    fixing.end(order_no=event.order_no, at=at)


def tell_on_order_delayed(event: OrderDelayed, *, at: datetime) -> None:
    """Tell the buyer that the order cannot leave as promised, and what can be chosen; each delay once."""
    messaging.write(
        scene="order_delayed",
        member_id=event.member_id,
        subject=event.order_no,
        occasion=f"{event.order_no}:{event.delay_id}",
        at=at,
    )
