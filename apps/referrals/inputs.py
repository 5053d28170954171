"""How operators type what friends win: a line for each tier, 「3 人：券 FRIEND10」, 「5 人：500 积分」 or goods."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from django.core.exceptions import ValidationError

from apps.catalog.models import Sku
from apps.coupons.models import Template
from apps.referrals.drafts import Prize, Step
from apps.referrals.states import PrizeKind
from mall import text as texts

_TIER: Final = re.compile(r"([1-9][0-9]{0,4})\s*(?:人|位好友)?\s*[:：]\s*(.+)", re.ASCII)
_POINTS: Final = re.compile(r"([1-9][0-9]{0,6})\s*积分", re.ASCII)
_COUPON: Final = re.compile(r"(?:优惠)?券\s*[:：]?\s*(\S+)")
_GOODS: Final = re.compile(
    r"商品\s*[:：]?\s*(\S+)\s+([1-9][0-9]{0,2})\s*件\s*([1-9][0-9]{0,3})\s*天", re.ASCII
)


def read_tiers(typed: str) -> list[Step]:
    """Tiers as typed, one on each line, the smallest first. Raises ValidationError that quotes what cannot be read."""
    steps = []
    for line in filter(None, (line.strip() for line in typed.splitlines())):
        found = _TIER.fullmatch(line)
        if found is None:
            raise ValidationError(f"无法识别「{line}」，每行请写成 3 人：券 FRIEND10 或 3 人：500 积分")
        prize = read_prize(found[2])
        if prize is not None:
            steps.append(Step(friends=int(found[1]), prize=prize))
    return sorted(steps, key=lambda step: step.friends)


def read_prize(typed: str) -> Prize | None:
    """A prize as typed, None for nothing: ``券 FRIEND10``, ``500 积分``, ``商品 CUP 1 件 30 天``. Raises ValidationError."""
    said = typed.strip()
    if not said:
        return None
    if found := _POINTS.fullmatch(said):
        return Prize(kind=PrizeKind.POINTS, points=int(found[1]))
    if found := _GOODS.fullmatch(said):
        sku = Sku.objects.filter(code=texts.code(found[1])).first()
        if sku is None:
            raise ValidationError(f"没有商家编码为「{found[1]}」的商品")
        return Prize(kind=PrizeKind.GOODS, sku_id=sku.pk, units=int(found[2]), days=int(found[3]))
    found = _COUPON.fullmatch(said)
    if found is None:
        raise ValidationError(f"无法识别「{said}」，请写成 券 FRIEND10、500 积分 或 商品 商家编码 1 件 30 天")
    template = Template.objects.filter(code=texts.code(found[1])).first()
    if template is None:
        raise ValidationError(f"没有编码为「{found[1]}」的优惠券")
    return Prize(kind=PrizeKind.COUPON, coupon_id=template.pk)


def write_prize(prize: Prize | None) -> str:
    """The prize as an operator would type it; the reverse of ``read_prize``."""
    if prize is None:
        return ""
    if prize.kind == PrizeKind.POINTS:
        return f"{prize.points} 积分"
    if prize.kind == PrizeKind.GOODS:
        code = Sku.objects.values_list("code", flat=True).get(pk=prize.sku_id or 0)
        return f"商品 {code} {prize.units} 件 {prize.days} 天"
    return f"券 {Template.objects.values_list('code', flat=True).get(pk=prize.coupon_id or 0)}"


def write_tiers(steps: Sequence[Step]) -> str:
    """The tiers as an operator would type them; the reverse of ``read_tiers``."""
    return "\n".join(f"{step.friends} 人：{write_prize(step.prize)}" for step in steps)
