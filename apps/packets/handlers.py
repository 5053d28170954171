"""What packets do about news: a paid order brings one, a refund closes it."""

from __future__ import annotations

from datetime import datetime

from apps.packets import services as packets
from mall import events


def make_on_order_paid(event: events.OrderPaid, *, at: datetime) -> None:
    """Make the packet of the order, where a rule wants it."""
    packets.make(order_no=event.order_no, at=at)


def take_back_on_order_refunded(event: events.OrderRefunded, *, at: datetime) -> None:
    """Close the packet of an order of which too little is left."""
    packets.take_back(order_no=event.order_no, at=at)
