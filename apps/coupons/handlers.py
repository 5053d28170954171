"""What coupons do about news: newcomer packs, and what comes with a paid order."""

from __future__ import annotations

from datetime import datetime

from apps.coupons import services as coupons
from mall import events


def welcome_on_member_registered(event: events.MemberRegistered, *, at: datetime) -> None:
    """Give a new member the newcomer pack, once."""
    coupons.welcome(member_id=event.member_id, at=at)


def reward_on_order_paid(event: events.OrderPaid, *, at: datetime) -> None:
    """Give what comes with the order, once; nothing if it was refunded before the news came round."""
    coupons.reward(order_no=event.order_no, at=at)
