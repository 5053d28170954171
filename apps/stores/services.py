"""Setting up the places that goods are kept in, sent from and handed over in."""

from __future__ import annotations

from collections.abc import Iterator

from apps.base import judging
from apps.stores.models import Place
from mall.errors import Fault, Faulty


class PlaceRefused(Faulty):
    """A place that cannot be: without a name, with that of another, or one that serves shoppers without saying where."""

    code = "place_refused"


def check(place: Place) -> None:
    """Raise PlaceRefused, with each fault at its field, for a place that cannot be saved so."""
    judging.refuse(PlaceRefused, place, _faults(place))


def save(place: Place) -> Place:
    """Save a new or changed place. Raises PlaceRefused."""
    check(place)
    place.save()
    return place


def _faults(place: Place) -> Iterator[Fault]:
    if not (place.picks_up or place.delivers):
        return
    named = "picks_up" if place.picks_up else "delivers"
    if place.kind != Place.Kind.SHOP:
        yield Fault(named, "只有门店可以提供自提或同城配送")
    for field, label in (("latitude", "纬度"), ("longitude", "经度")):
        if getattr(place, field) is None:
            yield Fault(field, f"提供自提或同城配送的门店须填写{label}")
    if not place.detail:
        yield Fault("detail", "提供自提或同城配送的门店须填写详细地址")
    if place.delivers and place.delivery_radius_m is None and not place.delivery_area:
        yield Fault("delivery_radius_m", "同城配送须填写配送半径或配送区域")
