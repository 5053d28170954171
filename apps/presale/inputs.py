"""What operators type of the goods of a pre-sale, line by line: ``TEA-01：269.00，200``, and of those that arrive."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from django.core.exceptions import ValidationError

from apps.catalog import sku_codes
from apps.catalog.models import Sku
from apps.inventory.services.counting import MAX_UNITS
from apps.presale.drafts import GoodDraft
from mall import money
from mall.money import yuan

_GOOD: Final = re.compile(r"(\S+?)\s*[:：]\s*([^\s,，]+)\s*[,，]\s*([0-9]{1,7})")
_ARRIVED: Final = re.compile(r"(\S+?)\s*[:：]\s*([0-9]{1,7})")


def read_goods(typed: str) -> list[GoodDraft]:
    """The goods of these lines. Raises ValidationError with the line that nobody can read."""
    found = []
    for line in _lines(typed):
        parts = _GOOD.fullmatch(line)
        if parts is None:
            raise ValidationError(f"「{line}」无法识别，请写成 TEA-01：269.00，200")
        try:
            price_fen = money.parse_yuan(parts[2])
        except ValueError:
            raise ValidationError(f"「{line}」的价格应为元，最多两位小数") from None
        found.append((parts[1], price_fen, int(parts[3])))
    ids = sku_codes.ids_of([code for code, _, _ in found])
    return [GoodDraft(sku_id=ids[code], price_fen=price_fen, quota=quota) for code, price_fen, quota in found]


def write_goods(goods: Iterable[GoodDraft]) -> str:
    """The lines that say these goods: one statement."""
    listed = list(goods)
    codes = dict(Sku.objects.filter(pk__in=[good.sku_id for good in listed]).values_list("pk", "code"))
    return "\n".join(f"{codes[good.sku_id]}：{yuan(good.price_fen)}，{good.quota}" for good in listed)


def read_arrived(typed: str) -> dict[int, int]:
    """Units by SKU id; nothing typed is nothing. Raises ValidationError with the line that nobody can read."""
    found: dict[str, int] = {}
    for line in _lines(typed):
        parts = _ARRIVED.fullmatch(line)
        if parts is None:
            raise ValidationError(f"「{line}」无法识别，请写成 TEA-01：200")
        found[parts[1]] = found.get(parts[1], 0) + int(parts[2])
    ids = sku_codes.ids_of(found)
    if any(units > MAX_UNITS for units in found.values()):
        raise ValidationError(f"每个规格最多 {MAX_UNITS} 件")
    return {ids[code]: units for code, units in found.items() if units}


def write_arrived(units: Mapping[int, int]) -> str:
    """The lines that say these units: one statement."""
    codes = dict(Sku.objects.filter(pk__in=units).values_list("pk", "code"))
    return "\n".join(f"{codes[sku_id]}：{units[sku_id]}" for sku_id in sorted(units))


def _lines(typed: str) -> list[str]:
    return [line.strip() for line in typed.splitlines() if line.strip()]
