"""How an order comes to its buyer where no parcel is sent: fetched in a shop, or by the riders of one that goes there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from apps.inventory import selectors as stock_facts
from apps.members.models import Address
from apps.orders.states import DeliveryKind
from apps.pickup import slot_selectors as slot_facts
from apps.pickup import slots
from apps.stores import areas, geo
from apps.stores import selectors as place_facts
from apps.stores.geo import Point
from apps.stores.models import Place
from mall.errors import Invalid, Kind, ShopError
from mall.pricing.basket import Basket, ChargedBy, Destination, Freight, Zone
from mall.pricing.quote import Quote

# What a basket calls the one way there is.
_REF: Final = "delivery"


class DeliveryInvalid(Invalid):
    """A delivery that lacks something; ``details`` names the field."""

    message = "配送方式有误"


class PlaceNotFound(ShopError):
    """No shop of this id does what is asked for."""

    code = "place_not_found"
    message = "该门店不存在或不支持所选配送方式"
    kind = Kind.NOT_FOUND


class OutsideDelivery(ShopError):
    """The address lies where the shop's riders do not go. ``details``: ``distance_m`` from a shop that was named."""

    code = "delivery_out_of_reach"
    message = "收货地址超出同城配送范围"
    kind = Kind.CONFLICT


class BelowDeliveryMinimum(ShopError):
    """The goods cost less than riders are sent for. ``details``: ``min_fen``, ``short_by_fen``."""

    code = "delivery_below_minimum"
    message = "未达到同城配送的起送金额"
    kind = Kind.CONFLICT


class OnlyByParcel(ShopError):
    """Goods that have not come yet lie in no shop."""

    code = "delivery_not_offered"
    message = "预售商品暂不支持自提或同城配送"
    kind = Kind.CONFLICT


class Asked(NamedTuple):
    """How a shopper wants it, as was said: CITY without a place is the nearest that has everything."""

    kind: str
    place_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How an order comes from which shop, what that costs, and from which price of the goods on."""

    kind: DeliveryKind
    place: Place
    destination: Destination
    distance_m: int | None = None
    fee_fen: int = 0
    least_fen: int = 0
    slot: slots.Slot | None = None

    def require_open(self) -> None:
        """Raise SlotFull, SlotPassed for a slot in which nothing can be ordered any more."""
        if self.slot is not None:
            self.slot.require_open()

    def taken_by(self, basket: Basket) -> Basket:
        """The basket with this way in place of its parcels' freight."""
        zone = Zone(first_units=1, first_fee_fen=self.fee_fen, next_units=1, next_fee_fen=0)
        freight = Freight(ref=_REF, label=str(self.kind.label), charged_by=ChargedBy.PIECE, default=zone)
        lines = tuple(replace(line, freight_ref=_REF) for line in basket.lines)
        return replace(basket, lines=lines, freights=(freight,), destination=self.destination)

    def require_worth(self, quote: Quote) -> None:
        """Raise BelowDeliveryMinimum where the goods, less what was taken off them, cost too little to be sent."""
        short_by_fen = self.least_fen - (quote.goods_fen - quote.reduction_fen)
        if short_by_fen > 0:
            raise BelowDeliveryMinimum(details={"min_fen": self.least_fen, "short_by_fen": short_by_fen})

    def as_order(self) -> dict[str, Any]:
        """As the order keeps it: a copy, for the shop may move."""
        return {
            "kind": self.kind.value,
            "place_id": self.place.pk,
            "place": {"name": self.place.name, "address": self.place.address, "phone": self.place.phone},
            "distance_m": self.distance_m,
            "slot": self.slot.as_order() if self.slot else None,
        }

    def shown(self) -> dict[str, Any]:
        """As a quote answers it: the slot with how it stands."""
        return {**self.as_order(), "slot": self.slot.shown() if self.slot else None}


def way_of(
    asked: Asked | None,
    *,
    slot_id: str | None = None,
    address: Address | None,
    units: Mapping[int, int],
    by_plan: bool,
    at: datetime,
) -> Way | None:
    """The way that was asked for; None for a parcel. ``units`` of SKUs are bought, ``by_plan`` before they have come.

    A slot is of one shop, so CITY with a slot names its shop. One that is full or has passed is told as such, and
    refused by ``Way.require_open``. Raises DeliveryInvalid, PlaceNotFound, OutsideDelivery, OnlyByParcel, SlotInvalid,
    SlotNotOffered.
    """
    if asked is None:
        return None
    if by_plan:
        raise OnlyByParcel
    slot = None
    if slot_id is not None:
        slot = slot_facts.slot_of(slot_id, kind=asked.kind, place_id=asked.place_id, at=at)
        asked = asked._replace(place_id=slot.place_id)
    way = _picked_up(asked) if asked.kind == DeliveryKind.PICKUP else _delivered(asked, address, units)
    return replace(way, slot=slot) if slot else way


def _picked_up(asked: Asked) -> Way:
    if asked.place_id is None:
        raise DeliveryInvalid(details={"delivery": {"place_id": ["请选择自提门店"]}})
    place = place_facts.picking_up(asked.place_id)
    if place is None:
        raise PlaceNotFound(details={"place_id": asked.place_id})
    there = Destination(province=place.province, city=place.city, district=place.district)
    return Way(kind=DeliveryKind.PICKUP, place=place, destination=there)


def _delivered(asked: Asked, address: Address | None, units: Mapping[int, int]) -> Way:
    if address is None:
        raise DeliveryInvalid(details={"address_id": ["请选择收货地址"]})
    if address.latitude is None or address.longitude is None:
        raise DeliveryInvalid(details={"address_id": ["请在地图上选择收货位置后再使用同城配送"]})
    to = Point(address.latitude, address.longitude)
    place = _named(asked.place_id, to) if asked.place_id is not None else _nearest(to, units)
    distance_m = _distance_m(place, to)
    return Way(
        kind=DeliveryKind.CITY,
        place=place,
        destination=Destination(province=address.province, city=address.city, district=address.district),
        distance_m=distance_m,
        fee_fen=areas.fee_fen(place, distance_m=distance_m),
        least_fen=place.delivery_min_fen,
    )


def _named(place_id: int, to: Point) -> Place:
    place = place_facts.delivering(place_id)
    if place is None:
        raise PlaceNotFound(details={"place_id": place_id})
    if not areas.reaches(place, to):
        raise OutsideDelivery(details={"distance_m": _distance_m(place, to)})
    return place


def _nearest(to: Point, units: Mapping[int, int]) -> Place:
    """The nearest shop whose riders go there and that has all of it; where none has, the nearest."""
    near = [place for place in place_facts.delivering_near(to) if areas.reaches(place, to)]
    if not near:
        raise OutsideDelivery
    free = stock_facts.available_at([place.pk for place in near], list(units))
    whole = (
        place for place in near if all(free[place.pk][sku_id] >= wanted for sku_id, wanted in units.items())
    )
    return next(whole, near[0])


def _distance_m(place: Place, to: Point) -> int:
    at = areas.point_of(place)
    return geo.distance_m(at, to) if at else 0
