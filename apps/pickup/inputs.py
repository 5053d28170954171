"""What a shopper says about where they are and when: degrees, a city, a SKU, a shop, out of an address."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from apps.base.inputs import MAX_BIGINT
from apps.pickup.states import SlotKind
from apps.stores.geo import Point
from mall import text as texts
from mall.errors import Invalid, NotFound

_DEGREES: Final = re.compile(r"[-+]?[0-9]{1,3}(?:\.[0-9]{1,30})?(?:[eE][-+]?[0-9]{1,3})?")
LONGEST_CITY: Final = 20


class Near(NamedTuple):
    """Where to look for shops: a point, or a city, or everywhere; and of what."""

    point: Point | None
    city: str
    sku_id: int | None


class NearInvalid(Invalid):
    """Something of it cannot be read; ``details`` names the fields."""

    message = "查询条件有误"


def near(said: Any) -> Near:
    """What the query says. Raises NearInvalid."""
    faults: dict[str, list[str]] = {}
    lat = _degrees(said.get("lat"), 90, "lat", faults)
    lng = _degrees(said.get("lng"), 180, "lng", faults)
    if (lat is None) != (lng is None) and not faults:
        faults["lat" if lat is None else "lng"] = ["经纬度须同时提供"]
    sku_id = said.get("sku_id") or None
    if sku_id is not None and not _is_id(str(sku_id)):
        faults["sku_id"] = ["请填写商品规格的编号"]
    city = texts.plain(said.get("city") or "")
    if len(city) > LONGEST_CITY:
        faults["city"] = ["请填写城市名称"]
    if faults:
        raise NearInvalid(details=faults)
    point = Point(lat, lng) if lat is not None and lng is not None else None
    return Near(point, city, int(sku_id) if sku_id is not None else None)


def place_id(said: str) -> int:
    """The shop that an address names. Raises NotFound for what no shop can be called."""
    if not _is_id(said):
        raise NotFound
    return int(said)


def slot_kind(said: Any) -> str | None:
    """Which way's slots are asked for, None for all. Raises NearInvalid."""
    kind = said.get("kind") or None
    if kind is not None and kind not in SlotKind.values:
        raise NearInvalid(details={"kind": ["请填写 CITY 或 PICKUP"]})
    return str(kind) if kind else None


def _is_id(said: str) -> bool:
    return said.isascii() and said.isdigit() and len(said) <= 19 and 1 <= int(said) <= MAX_BIGINT


def _degrees(said: str | None, most: int, field: str, faults: dict[str, list[str]]) -> float | None:
    if not said:
        return None
    if _DEGREES.fullmatch(said) is None or abs(float(said)) > most:
        faults[field] = [f"请填写 -{most} 到 {most} 之间的数字"]
        return None
    return float(said)
