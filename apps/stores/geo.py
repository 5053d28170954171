"""Places on the earth: how far two are apart, and whether one lies in an area. Degrees of GCJ-02, as WeChat's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

# The mean radius (IUGG): in a town the sphere is wrong by less than a third of a percent.
EARTH_M: Final = 6_371_008.8


class Point(NamedTuple):
    """A place: latitude −90 to 90, longitude −180 to 180."""

    lat: float
    lng: float


def distance_m(one: Point, other: Point) -> int:
    """The distance over the earth's surface in whole metres (haversine)."""
    lat, other_lat = math.radians(one.lat), math.radians(other.lat)
    half = (
        math.sin((other_lat - lat) / 2) ** 2
        + math.cos(lat) * math.cos(other_lat) * math.sin(math.radians(other.lng - one.lng) / 2) ** 2
    )
    return round(2 * EARTH_M * math.asin(min(1.0, math.sqrt(half))))


def is_inside(point: Point, area: Sequence[Point]) -> bool:
    """Whether a point lies in a polygon of three corners or more, the last joined to the first; on its edge: either.

    A ray to the east crosses the edges an odd number of times from inside. Flat: good for a town, not for a pole.
    """
    inside = False
    for index, corner in enumerate(area):
        before = area[index - 1]
        if (corner.lat > point.lat) == (before.lat > point.lat):
            continue
        crosses = corner.lng + (point.lat - corner.lat) * (before.lng - corner.lng) / (
            before.lat - corner.lat
        )
        inside ^= point.lng < crosses
    return inside
