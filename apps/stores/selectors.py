"""Reading places: the shops that hand orders over or deliver them, and how far they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db.models.expressions import RawSQL

from apps.stores.geo import EARTH_M, Point
from apps.stores.models import Place

# geo's haversine where the rows are, in metres: PostgreSQL brings no geography, and some hundred shops need none.
# For places whose coordinates somebody said; 1 bounds what rounding makes of opposite ends of the earth.
DISTANCE_M: Final = (
    f"2 * {EARTH_M} * asin(least(1, sqrt(power(sin(radians(%(lat)s::float8 - place.latitude) / 2), 2)"
    " + cos(radians(place.latitude)) * cos(radians(%(lat)s::float8))"
    " * power(sin(radians(%(lng)s::float8 - place.longitude) / 2), 2))))"
)
_FROM: Final = DISTANCE_M.replace("place.", "stores_place.").replace("%(lat)s", "%s").replace("%(lng)s", "%s")
# So many of the nearest shops are looked at for one that goes somewhere.
_MOST: Final = 200


def picking_up(place_id: int) -> Place | None:
    """The shop of this id, if orders can be fetched there."""
    return Place.objects.filter(pk=place_id, kind=Place.Kind.SHOP, picks_up=True).first()


def delivering(place_id: int) -> Place | None:
    """The shop of this id, if it has riders of its own."""
    return Place.objects.filter(pk=place_id, kind=Place.Kind.SHOP, delivers=True).first()


def delivering_near(to: Point) -> Sequence[Place]:
    """The shops with riders of their own, the nearest first: one statement."""
    away = RawSQL(_FROM, [to.lat, to.lat, to.lng])  # noqa: S611 -- a text of our own
    rows = Place.objects.filter(kind=Place.Kind.SHOP, delivers=True).annotate(away=away)
    return list(rows.order_by("away", "priority", "id")[:_MOST])
