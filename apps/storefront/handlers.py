"""What the storefront does about news: an order is given to the share by which its member came."""

from __future__ import annotations

from datetime import datetime

from apps.orders import selectors as order_facts
from apps.shares import services as shares
from mall.events import OrderPaid, OrderPlaced


def give_to_share_on_order_placed(event: OrderPlaced, *, at: datetime) -> None:
    """By the time at which it was placed, however late the news."""
    times = order_facts.times(order_no=event.order_no)
    shares.note_order(order_no=event.order_no, member_id=event.member_id, placed_at=times.placed_at)


def note_on_order_paid(event: OrderPaid, *, at: datetime) -> None:
    """Also where this news comes before the other: the order is given to its share first."""
    times = order_facts.times(order_no=event.order_no)
    shares.note_order(order_no=event.order_no, member_id=event.member_id, placed_at=times.placed_at)
    shares.note_payment(order_no=event.order_no, paid_at=times.paid_at or at)
