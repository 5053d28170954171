"""What shoppers ask lists of activities for, the same for every kind: one product, one day."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from drf_spectacular.utils import OpenApiParameter

from mall.errors import Invalid

PRODUCT: Final = OpenApiParameter(
    "product",
    {"oneOf": [{"type": "integer", "minimum": 1, "maximum": 10**18 - 1}, {"type": "string", "enum": [""]}]},
    description="Only those of this product; none of a product that is not there. Empty: as if left out.",
)
DAY: Final = OpenApiParameter(
    "day",
    {"oneOf": [{"type": "string", "format": "date"}, {"type": "string", "enum": [""]}]},
    description="A Shanghai day, 2026-11-28: the sessions that meet it, over or not. Without it those of the "
    "next seven days that are not over. Empty: as if left out.",
)
_ID: Final = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def product_id(said: str | None) -> int | None:
    """The product that was asked for; empty is as left out. Raises Invalid for what is no id."""
    if not said:
        return None
    if not _ID.fullmatch(said):
        raise Invalid("商品编号应为整数", details={"product": ["商品编号应为整数"]})
    return int(said)


def day(said: str | None) -> date | None:
    """The day that was asked for; empty is as left out. Raises Invalid for what no calendar has."""
    if not said:
        return None
    try:
        return date.fromisoformat(said if _DAY.fullmatch(said) else "")
    except ValueError:
        wanted = "日期格式应为 2026-11-28"
        raise Invalid(wanted, details={"day": [wanted]}) from None
