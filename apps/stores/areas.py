"""How far a shop's own riders go: a radius, an area drawn on the map, and what the way costs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from apps.stores import geo
from apps.stores.geo import Point
from apps.stores.models import Place
from mall.errors import Invalid

MOST_CORNERS: Final = 200
_CORNER: Final = re.compile(r"(-?[0-9]{1,3}(?:\.[0-9]{1,9})?)\s*[,，]\s*(-?[0-9]{1,2}(?:\.[0-9]{1,9})?)")


class AreaInvalid(Invalid):
    """A line that is no corner, or too few or too many of them."""

    code = "area_invalid"
    message = "配送区域有误"


def read(typed: str) -> list[list[float]]:
    """The corners of what was typed, ``经度,纬度`` a line, as ``[[lng, lat], …]``; none for nothing. Raises AreaInvalid."""
    corners = []
    for line in (line.strip() for line in typed.replace("；", "\n").replace(";", "\n").splitlines()):
        if not line:
            continue
        found = _CORNER.fullmatch(line)
        if found is None or not (abs(float(found[1])) <= 180 and abs(float(found[2])) <= 90):
            raise AreaInvalid(f"配送区域「{line[:40]}」无法识别，请每行写一个「经度,纬度」")
        corners.append([float(found[1]), float(found[2])])
    if corners and not 3 <= len(corners) <= MOST_CORNERS:
        raise AreaInvalid(f"配送区域需要 3 到 {MOST_CORNERS} 个顶点")
    return corners


def told(corners: Sequence[Sequence[float]]) -> str:
    """The corners as an operator types them."""
    return "\n".join(f"{lng},{lat}" for lng, lat in corners)


def point_of(place: Place) -> Point | None:
    """Where a place is, None where nobody said."""
    if place.latitude is None or place.longitude is None:
        return None
    return Point(place.latitude, place.longitude)


def reaches(place: Place, to: Point) -> bool:
    """Whether a shop's riders go there: within its area where it has one, and within its radius where it has one."""
    at = point_of(place)
    if not place.delivers or at is None:
        return False
    if place.delivery_area and not geo.is_inside(to, [Point(lat, lng) for lng, lat in place.delivery_area]):
        return False
    return place.delivery_radius_m is None or geo.distance_m(at, to) <= place.delivery_radius_m


def fee_fen(place: Place, *, distance_m: int) -> int:
    """What the way of so many metres costs: the first fee, and for each kilometre begun beyond it the next."""
    beyond_m = max(0, distance_m - place.delivery_near_m)
    return place.delivery_fee_fen + -(-beyond_m // 1000) * place.delivery_more_fen
