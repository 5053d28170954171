"""A wave: orders that are picked and packed together. What leaves the shelves, and what goes into each parcel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from apps.fulfillment.models import Parcel
from apps.fulfillment.services import parcels
from apps.orders import selectors as order_facts
from apps.orders.models import Order, OrderLine
from mall.errors import ShopError

MOST_ORDERS: Final = 200
_RECEIVER: Final = ("name", "phone", "province", "city", "district", "detail")


class WaveTooLarge(ShopError):
    """More orders than are printed at once."""

    code = "wave_too_large"
    message = f"一次最多打印 {MOST_ORDERS} 单，请减少所选订单"


class NothingToPick(ShopError):
    """None of the orders waits to be sent."""

    code = "nothing_to_pick"
    message = "所选订单中没有可以发货的订单"


@dataclass(frozen=True, slots=True)
class Packed:
    """Units of a line that go into an order's parcel."""

    sku_code: str
    title: str
    option_text: str
    units: int
    mark: str
    is_packing: bool = False


@dataclass(frozen=True, slots=True)
class Slip:
    """An order of the wave under its place in it, 1 and up; ``together`` are the places of the same receiver's others."""

    place: int
    order_no: str
    paid_at: datetime | None
    receiver: str
    phone: str
    address: str
    remark: str
    packed: tuple[Packed, ...]
    sent_before: int
    together: tuple[int, ...]
    # How it comes without a parcel, and in which time; what is written on the card that goes into it.
    way: str = ""
    card: str = ""
    # The shop on whose shelves its goods lie; empty for parcels.
    shop: str = ""

    @property
    def units(self) -> int:
        return sum(line.units for line in self.packed)


@dataclass(frozen=True, slots=True)
class Picked:
    """Units of a SKU that are taken from a ``shop``'s shelf, or for parcels, and how many go to which place of the wave."""

    sku_code: str
    title: str
    option_text: str
    units: int
    places: tuple[tuple[int, int], ...]
    shop: str = ""


def slips(order_ids: Collection[int]) -> list[Slip]:
    """Return what is still to be packed of these orders, those of the earliest slot and then the first paid first;
    those that cannot be sent are left out.

    Those that are fetched, or brought by the shop's riders, are among them: somebody packs them, too.

    An order of somebody who left the shop is not printed. Raises WaveTooLarge, NothingToPick.
    """
    if len(order_ids) > MOST_ORDERS:
        raise WaveTooLarge
    orders = list(
        Order.objects.filter(order_facts.TO_PACK, pk__in=order_ids, member__erased_at=None)
        .prefetch_related("lines")
        .order_by("paid_at", "id")
    )
    packed = _packed([order.pk for order in orders])
    orders = [order for order in orders if packed.get(order.pk)]
    orders.sort(key=lambda order: (order.slot is None, order.slot["starts_at"] if order.slot else ""))
    if not orders:
        raise NothingToPick
    before = _sent_before([order.pk for order in orders])
    places = {order.pk: place for place, order in enumerate(orders, start=1)}
    same: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for order in orders:
        if order.delivery is None:
            same[_door(order.address)].append(places[order.pk])
    return [
        Slip(
            place=places[order.pk],
            order_no=order.order_no,
            paid_at=order.paid_at,
            receiver=str(order.address.get("name", "")),
            phone=str(order.address.get("phone", "")),
            address="".join(str(order.address.get(part, "")) for part in _RECEIVER[2:]),
            remark=order.remark,
            way=_way(order),
            # The card lies with the packing, which leaves with the first parcel.
            card=order.card if any(line.is_packing for line in packed[order.pk]) else "",
            shop=str(order.delivery["place"]["name"]) if order.delivery else "",
            packed=tuple(packed[order.pk]),
            sent_before=before.get(order.pk, 0),
            together=tuple(place for place in same[_door(order.address)] if place != places[order.pk])
            if order.delivery is None
            else (),
        )
        for order in orders
    ]


def picked(of: Sequence[Slip]) -> list[Picked]:
    """Return what is taken from the shelves for these slips: for parcels, then shop by shop, by the SKUs' codes."""
    by_shelf: dict[tuple[str, str], list[tuple[int, Packed]]] = defaultdict(list)
    for slip in of:
        for line in slip.packed:
            by_shelf[slip.shop, line.sku_code].append((slip.place, line))
    rows: list[Picked] = []
    for shop, code in sorted(by_shelf):
        units: dict[int, int] = defaultdict(int)
        for place, line in by_shelf[shop, code]:
            units[place] += line.units
        one = by_shelf[shop, code][0][1]
        told = (code, one.title, one.option_text, sum(units.values()), tuple(sorted(units.items())))
        rows.append(Picked(*told, shop=shop))
    return rows


def _packed(order_ids: Collection[int]) -> dict[int, list[Packed]]:
    left = parcels.units_left_of(order_ids)
    lines = OrderLine.objects.filter(pk__in=left).select_related("sku").order_by("order_id", "id")
    packed: dict[int, list[Packed]] = defaultdict(list)
    for line in lines:
        packed[line.order_id].append(
            Packed(
                *(line.sku.code, line.title, line.option_text, left[line.pk], line.mark),
                is_packing=line.is_packing,
            )
        )
    return packed


def _sent_before(order_ids: Collection[int]) -> dict[int, int]:
    counted: dict[int, int] = defaultdict(int)
    for order_id in Parcel.objects.filter(order__in=order_ids).values_list("order_id", flat=True):
        counted[order_id] += 1
    return counted


def _way(order: Order) -> str:
    """How an order comes that no parcel is sent of, and in which time; empty for a parcel."""
    if order.delivery is None:
        return ""
    told = f"{order.delivery_kind.label}：{order.delivery['place']['name']}"
    return f"{told}　{order.slot_text}" if order.slot else told


def _door(address: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple("".join(str(address.get(part, "")).split()) for part in _RECEIVER)
