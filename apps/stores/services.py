"""Setting up the places that goods are kept in and sent from."""

from __future__ import annotations

from apps.base import judging
from apps.stores.models import Place
from mall.errors import Faulty


class PlaceRefused(Faulty):
    """A place that cannot be: without a name, or with that of another."""

    code = "place_refused"


def save(place: Place) -> Place:
    """Save a new or changed place. Raises PlaceRefused."""
    judging.refuse(PlaceRefused, place)
    place.save()
    return place
