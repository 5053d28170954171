"""Setting up the places that goods are kept in, sent from and handed over in."""

from __future__ import annotations

from collections.abc import Iterator

from apps.base import judging
from apps.stores.models import Place, PlaceStaff
from mall.errors import Fault, Faulty


class PlaceRefused(Faulty):
    """A place that cannot be: without a name, with that of another, or one that serves shoppers without saying where."""

    code = "place_refused"


class StaffRefused(Faulty):
    """An operator who cannot be bound to a place."""

    code = "place_staff_refused"


def check(place: Place) -> None:
    """Raise PlaceRefused, with each fault at its field, for a place that cannot be saved so."""
    judging.refuse(PlaceRefused, place, _faults(place))


def save(place: Place) -> Place:
    """Save a new or changed place. Raises PlaceRefused."""
    check(place)
    place.save()
    return place


def bind(row: PlaceStaff) -> PlaceStaff:
    """Bind an operator to a place. Raises StaffRefused for one who is bound already, or who sees all anyway."""
    check_staff(row)
    row.save()
    return row


def check_staff(row: PlaceStaff) -> None:
    """Raise StaffRefused for what ``bind`` would."""
    judging.refuse(StaffRefused, row, _faults_of_staff(row))


def _faults_of_staff(row: PlaceStaff) -> Iterator[Fault]:
    if row.operator_id and row.operator.is_superuser:
        yield Fault("operator", "超级管理员总能看到全部门店，无法绑定")
    if row.place_id and row.place.kind != Place.Kind.SHOP:
        yield Fault("place", "只能绑定门店")


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
