"""Occasions: what a new member, an order and points bring; and gifts taken back at a refund."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import structlog
from django.db import transaction

from apps.coupons import selectors as coupon_facts
from apps.coupons.models import Coupon, Template
from apps.coupons.services import issuing, judging, moving
from apps.coupons.states import FIRST_ORDER_GIFT, REGISTERED, WELCOME_PACK, CouponStatus, TemplateStatus
from apps.members.models import Member
from apps.orders import selectors as order_facts
from apps.orders.models import Order
from apps.orders.states import PAID_FOR
from apps.risk.models import Look

log = structlog.get_logger(__name__)


class TakenBack(NamedTuple):
    """What became of the gifts of an order: revoked now, or already spent (their public ids)."""

    revoked: int
    spent: list[str]


@transaction.atomic
def welcome(*, member_id: int, risk_rank: int = 0, at: datetime) -> int:
    """Give a new member the newcomer pack, once, or hold it for a look; return how many coupons of it they have.

    ``risk_rank`` is WeChat's opinion of them, 0 to 4.
    """
    if not judging.is_anything_due(Template.Occasion.REGISTRATION):
        return 0
    if not judging.may_have(WELCOME_PACK, member_id=member_id, risk_rank=risk_rank, at=at):
        return 0
    return _give_pack(member_id=member_id, at=at)


def release_pack(look: Look, *, reason: str, operator: Any, at: datetime) -> bool:
    """Give a newcomer pack that was held, of what is live now (the board of risk); nothing to who has left."""
    if not Member.objects.filter(pk=look.member_id, erased_at=None).exists():
        return False
    _give_pack(member_id=look.member_id, at=at)
    return True


def release_gift(look: Look, *, reason: str, operator: Any, at: datetime) -> bool:
    """Give what came with a first order and was held (the board of risk); nothing where the order went back."""
    order = _paid_order(look.subject)
    if order is None:
        return False
    _give_first(order, at=at)
    return True


@transaction.atomic
def reward(*, order_no: str, at: datetime) -> int:
    """Give what comes with a paid order: with the member's first one, and with one whose goods cost enough.

    Each once, however often it is asked for; nothing for an order that is not paid, or not any more, and goods
    that were refunded by then do not count. Returns how many coupons came with the order. The order is locked,
    so that a refund comes before or after.
    """
    order = _paid_order(order_no)
    if order is None:
        return 0
    given = 0
    paid = Order.objects.filter(member_id=order.member_id, paid_at__isnull=False)
    is_first = paid.order_by("paid_at", "id").values_list("order_no", flat=True).first() == order_no
    if (
        is_first
        and judging.is_anything_due(Template.Occasion.FIRST_ORDER)
        and judging.may_have(FIRST_ORDER_GIFT, member_id=order.member_id, order_no=order_no, at=at)
    ):
        given += _give_first(order, at=at)
    return given + _give(
        member_id=order.member_id,
        occasion=Template.Occasion.ORDER_GIFT,
        cause=f"gift:{order_no}",
        paid_fen=order_facts.goods_kept_fen(order),
        gift_of=order_no,
        at=at,
    )


@transaction.atomic
def take_back_gifts(*, order_no: str, kept_fen: int | None = None, at: datetime) -> TakenBack:
    """Revoke what was given for an order that was refunded; safe to repeat.

    All of it, or with ``kept_fen`` (what is still paid for the order's goods) only what wants more than that.
    A gift that another order holds is recalled: it is revoked when that order lets go of it. What was spent
    comes back as such, for after-sales to set off.
    """
    gifts = list(
        coupon_facts.gifts_lost(order_no=order_no, kept_fen=kept_fen)
        .order_by("id")
        .select_for_update(of=("self",), no_key=True)
    )
    available = [gift for gift in gifts if gift.status == CouponStatus.AVAILABLE]
    moving.move(available, move="revoke", at=at, note=f"订单 {order_no} 退款")
    taken = [gift for gift in gifts if gift.status in {CouponStatus.HELD, CouponStatus.USED}]
    Coupon.objects.filter(pk__in=[gift.pk for gift in taken], recalled_at=None).update(recalled_at=at)
    if kept_fen is None:
        judging.end_look(order_no=order_no, at=at)
    return TakenBack(len(available), [str(gift.public_id) for gift in taken])


@transaction.atomic
def deliver_redemption(
    *, member_id: int, template_id: int, redemption_no: str, quantity: int, at: datetime
) -> None:
    """Give a member what they redeemed in the points mall: all or none, once per redemption number.

    Raises NotIssued, SoldOut, NotFound as ``issue`` does.
    """
    for number in range(1, quantity + 1):
        issuing.issue(
            template_id=template_id,
            member_id=member_id,
            way=Coupon.Way.POINTS,
            cause=f"redemption:{redemption_no}:{number}",
            at=at,
        )


def _paid_order(order_no: str) -> Order | None:
    """The order, locked, if it is paid and did not go back."""
    orders = Order.objects.select_for_update(no_key=True)
    return orders.filter(order_no=order_no, status__in=PAID_FOR).first()


def _give_pack(*, member_id: int, at: datetime) -> int:
    return _give(member_id=member_id, occasion=Template.Occasion.REGISTRATION, cause=REGISTERED, at=at)


def _give_first(order: Order, *, at: datetime) -> int:
    return _give(
        member_id=order.member_id,
        occasion=Template.Occasion.FIRST_ORDER,
        cause="first_order",
        gift_of=order.order_no,
        at=at,
    )


def _give(
    *, member_id: int, occasion: str, cause: str, at: datetime, paid_fen: int | None = None, gift_of: str = ""
) -> int:
    """Give the member one coupon of each live template of this occasion; return how many they have of it.

    ``paid_fen`` is what an order's goods cost, for gifts that want so much. A template that has run out is
    passed over: the news has been heard, and the others are still due.
    """
    due = Template.objects.filter(occasion=occasion, status=TemplateStatus.LIVE).order_by("id")
    if paid_fen is not None:
        due = due.filter(gift_from_fen__lte=paid_fen)
    given = 0
    for template_id in due.values_list("pk", flat=True):
        try:
            issuing.issue(
                template_id=template_id,
                member_id=member_id,
                way=occasion,
                cause=cause,
                gift_of=gift_of,
                at=at,
            )
            given += 1
        except (issuing.SoldOut, issuing.NotIssued) as refusal:
            log.info("occasion_passed_over", template_id=template_id, reason=refusal.code)
    return given
