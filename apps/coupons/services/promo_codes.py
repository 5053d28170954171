"""Promoters' words: each is one person's, and stays that person's once it was redeemed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.db import transaction

from apps.base import judging
from apps.coupons.models import PromoCode
from apps.coupons.services.codes import spelled
from mall.errors import Fault, Faulty

# What says whose redemptions are counted.
WHOSE: Final = ("code", "template_id", "promoter_id", "operator_id")


class PromoCodeRefused(Faulty):
    """A word that nobody could type, that is another's, or nobody's; ``faults`` say at which field, and why."""

    code = "promo_code_refused"


def check(promo: PromoCode) -> None:
    """Hold a new or changed word against every rule; its code is brought to the form that members type.

    Raises PromoCodeRefused.
    """
    promo.code = spelled(promo.code)
    judging.refuse(PromoCodeRefused, promo, _faults(promo))


def save(promo: PromoCode) -> PromoCode:
    """Save a new or changed word; redemptions are counted at the same time and left alone. Raises PromoCodeRefused."""
    with transaction.atomic():
        list(PromoCode.objects.select_for_update(no_key=True).filter(pk=promo.pk).values_list("pk"))
        check(promo)
        if promo.pk is None:
            promo.save()
        else:
            promo.save(update_fields=[*(name.removesuffix("_id") for name in WHOSE), "enabled"])
    return promo


def _faults(promo: PromoCode) -> Iterator[Fault]:
    if not (promo.code.isascii() and promo.code.isalnum() and 4 <= len(promo.code) <= 20):
        yield Fault("code", "推广码应为 4 到 20 位字母或数字")
    elif PromoCode.objects.filter(code=promo.code).exclude(pk=promo.pk).exists():
        yield Fault("code", "这个推广码已被使用")
    if (promo.promoter_id is None) == (promo.operator_id is None):
        yield Fault("", "推广会员和员工请选择其中一个")
    before = PromoCode.objects.filter(pk=promo.pk, redemptions__gt=0).values(*WHOSE).first()
    for name in WHOSE:
        if before and before[name] != getattr(promo, name):
            yield Fault(name.removesuffix("_id"), "已有会员兑换，不能再改")
