"""Reading places: the shops that hand orders over or deliver them, and how far they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.db.models.expressions import RawSQL

from apps.stores.geo import EARTH_M, Point
from apps.stores.models import Place, PlaceStaff

# geo's haversine where the rows are, in metres: PostgreSQL brings no geography, and some hundred shops need none.
# For places whose coordinates somebody said; 1 bounds what rounding makes of opposite ends of the earth.
DISTANCE_M: Final = (
    f"2 * {EARTH_M} * asin(least(1, sqrt(power(sin(radians(%(lat)s::float8 - place.latitude) / 2), 2)"
    " + cos(radians(place.latitude)) * cos(radians(%(lat)s::float8))"
    " * power(sin(radians(%(lng)s::float8 - place.longitude) / 2), 2))))"
)
_FROM: Final = DISTANCE_M.replace("place.", "stores_place.").replace("%(lat)s", "%s").replace("%(lng)s", "%s")
_NOTED: Final = "_places_worked_at"
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


def places_of(*, operator: Any) -> frozenset[int] | None:
    """The places that an operator works at, by id; None for who sees all. One statement an operator and request."""
    if operator is None or operator.is_superuser:
        return None
    # An operator's row is read anew with every request, so what is noted on it is never older than that.
    known: frozenset[int] | None = getattr(operator, _NOTED, None)
    if known is None:
        rows = PlaceStaff.objects.filter(operator_id=operator.pk).order_by()
        known = frozenset(rows.values_list("place_id", flat=True))
        setattr(operator, _NOTED, known)
    return known or None


def is_out_of_reach(place_id: int, *, operator: Any) -> bool:
    """Whether an operator works at places of which this is none."""
    mine = places_of(operator=operator)
    return mine is not None and place_id not in mine
