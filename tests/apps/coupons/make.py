"""Coupons for tests, made as plainly as possible."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from apps.base import numbers
from apps.coupons import services as coupons
from apps.coupons.models import Coupon, Template
from apps.coupons.services import templates
from apps.members.models import Member
from apps.orders.models import Order
from tests.apps.members import make

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # Monday noon in Shanghai
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def template(name: str = "满50减10", **fields: Any) -> Template:
    """A live template of the coupon centre: 10 off from 50 on, good for 7 days."""
    whole: dict[str, Any] = {"kind": "THRESHOLD", "threshold_fen": 5000, "off_fen": 1000, **fields}
    if "valid_from" not in whole:
        whole.setdefault("valid_days", 7)
    whole.setdefault("visible", True)
    return templates.create(name=name, **whole)


def coupon(owner: Member | None = None, *, of: Template | None = None, at: datetime = AT) -> Coupon:
    return coupons.issue(
        template_id=(of or template()).pk,
        member_id=(owner or make.member()).pk,
        way=Coupon.Way.COMPENSATION,
        cause=f"test:{numbers.word(8)}",
        at=at,
    )


def paid_order(owner: Member, *, goods_fen: int = 10_000, at: datetime = AT) -> Order:
    return Order.objects.create(
        order_no=numbers.dated("SO", at=at),
        member=owner,
        status="PAID",
        goods_fen=goods_fen,
        reduction_fen=0,
        shipping_fen=600,
        payable_fen=goods_fen + 600,
        idempotency_key=numbers.word(8),
        request_hash="x",
        created_at=at,
        expires_at=at + DAY,
        paid_at=at,
    )
