"""Compensation: a coupon that an operator gives a member for something that went wrong, with the reason."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.contrib.auth.models import User
from django.db import transaction

from apps.base import audit
from apps.coupons.models import Coupon
from apps.coupons.services import issuing
from apps.members.models import Member
from apps.orders.models import Order
from mall.errors import NotFound


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
) -> Compensated:
    """Give the member one coupon, noted in the audit log with the reason.

    Once for an order and template, whoever asks; without an order once for each ``token``, which is the page
    that was sent. No limit per member counts, the quota does. A refund of the order does not take it back.
    Raises NotFound for an order that is not the member's, NotIssued, SoldOut.
    """
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
