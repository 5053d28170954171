"""Compensation: a coupon that an operator gives a member for something that went wrong, with the reason."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.contrib.auth.models import User
from django.db import transaction

from apps.base import audit
from apps.coupons.models import Coupon, Template
from apps.coupons.services import issuing
from apps.members.models import Member
from apps.orders.models import Order
from mall.errors import NotFound, ShopError


class AboveLimit(ShopError):
    """The coupon is worth more than this operator may give away."""

    code = "compensation_above_limit"
    message = "此券面值超过您可以补偿的限额，请由有「补偿发券（不限面值）」权限的同事发放"


class Compensated(NamedTuple):
    """The coupon, and whether it was given now: False where it had been given before."""

    coupon: Coupon
    given: bool


@transaction.atomic
def compensate(
    *,
    member: Member,
    template_id: int,
    reason: str,
    token: str,
    operator: User,
    at: datetime,
    order_no: str = "",
    most_fen: int | None = None,
) -> Compensated:
    """Give the member one coupon, noted in the audit log with the reason.

    Once for an order and template, whoever asks; without an order once for each ``token``, which is the page
    that was sent. No limit per member counts, the quota does. A refund of the order does not take it back.
    ``most_fen`` is the most that the coupon may take off, None for no limit.
    Raises NotFound for an order that is not the member's, AboveLimit, NotIssued, SoldOut.
    """
    _check_worth(template_id=template_id, most_fen=most_fen)
    if order_no and not Order.objects.filter(order_no=order_no, member=member).exists():
        raise NotFound("该会员没有这个订单")
    coupon, given = issuing.issue_once(
        template_id=template_id,
        member_id=member.pk,
        way=Coupon.Way.COMPENSATION,
        cause=f"compensation:{order_no or token}",
        at=at,
    )
    if given:
        about = f"，订单 {order_no}" if order_no else ""
        audit.record(
            operator=operator,
            action="补偿发券",
            subject=f"会员 {member.public_id}",
            note=f"「{coupon.template.name}」{about}：{reason}",
            at=at,
        )
    return Compensated(coupon, given)


def _check_worth(*, template_id: int, most_fen: int | None) -> None:
    """Refuse what may take off more than ``most_fen``; a rate without a cap may take off anything."""
    template = Template.objects.filter(pk=template_id).first()
    if most_fen is None or template is None:
        return
    worth_fen = template.cap_fen if template.kind == Template.Kind.PERCENT else template.off_fen
    if template.kind == Template.Kind.FREIGHT and worth_fen is None:
        return  # postage is bounded by the shop's own tariff
    if worth_fen is None or worth_fen > most_fen:
        raise AboveLimit
