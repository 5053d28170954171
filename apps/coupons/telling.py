"""What is true of a coupon when its member is told that it expires."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat

from apps.coupons import wording
from apps.coupons.models import Coupon
from apps.coupons.states import CouponStatus
from apps.messaging.board import Facts
from apps.messaging.models import Message
from apps.messaging.services.writing import Draft

# With so much time left a coupon is told of; one of a shorter life at once.
LEADS: Final = (timedelta(days=1), timedelta(days=3))
_SCENE: Final = "coupon_expiring"
_AT_ONCE: Final = 20_000


def expiring(*, subject: str, member_id: int, at: datetime) -> Facts | None:
    """The coupon by its public number, as long as it can be used; worth telling until its end."""
    coupon = (
        Coupon.objects.select_related("template")
        .filter(public_id=subject, member_id=member_id, status=CouponStatus.AVAILABLE, valid_until__gt=at)
        .first()
    )
    if coupon is None:
        return None
    return Facts(
        values={
            "coupon": coupon.template.name,
            "worth": wording.worth(coupon.template),
            "until": coupon.valid_until,
        },
        until=coupon.valid_until,
    )


def expirings(*, at: datetime) -> list[Draft]:
    """A message for each usable coupon that has at most three days left, and for each that has at most one, once each."""
    found: list[Draft] = []
    shortest = at
    for lead in LEADS:
        days = lead // timedelta(days=1)
        occasion = Concat(Cast("public_id", CharField()), Value(f":{days}"))
        told = Message.objects.filter(
            member_id=OuterRef("member_id"), scene=_SCENE, occasion=OuterRef("occasion")
        )
        rows = (
            Coupon.objects.filter(
                status=CouponStatus.AVAILABLE, valid_until__gt=shortest, valid_until__lte=at + lead
            )
            .annotate(occasion=occasion)
            .filter(~Exists(told))
            .order_by("valid_until", "id")
            .values_list("public_id", "member_id", "valid_until", "occasion")[:_AT_ONCE]
        )
        found += [
            Draft(
                scene=_SCENE,
                member_id=member_id,
                subject=str(public_id),
                occasion=told_once,
                expires_at=valid_until,
            )
            for public_id, member_id, valid_until, told_once in rows
        ]
        shortest = at + lead
    return found
