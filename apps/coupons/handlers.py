"""What coupons do about news: newcomer packs, what comes with a paid order, what was bought with points."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from apps import outbox
from apps.coupons import services as coupons
from mall import events
from mall.errors import ShopError

# Fifteen tries: a day in which an operator can raise the quota or start the template again.
_ASK_AGAIN: Final = timedelta(hours=1)


def welcome_on_member_registered(event: events.MemberRegistered, *, at: datetime) -> None:
    """Give a new member the newcomer pack, once."""
    coupons.welcome(member_id=event.member_id, risk_rank=event.risk_rank, at=at)


def reward_on_order_paid(event: events.OrderPaid, *, at: datetime) -> None:
    """Give what comes with the order, once; nothing if it was refunded before the news came round."""
    coupons.reward(order_no=event.order_no, at=at)


def issue_on_points_redeemed(event: events.PointsRedeemed, *, at: datetime) -> None:
    """Issue the coupons that a member paid points for: all of them, once per redemption.

    Where the template gives none (stopped, sold out, deleted), none is given and the delivery is put off; after
    the last try it is dead, where operators see the reason, put it right and deliver it again. The points
    stay paid meanwhile: the member chose this coupon, and the shop owes it.
    """
    try:
        coupons.deliver_redemption(
            member_id=event.member_id,
            template_id=event.coupon_template_id,
            redemption_no=event.redemption_no,
            quantity=event.quantity,
            at=at,
        )
    except ShopError as refusal:
        why = f"兑换单 {event.redemption_no}：优惠券模板 {event.coupon_template_id} 发放失败，{refusal.text}"
        raise outbox.TryLater(after=_ASK_AGAIN, why=why) from refusal
