"""The demo shop's three shops: hours, slots, what lies there, orders to be fetched in each state, and those riders bring."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any, Final

from apps.catalog.models import Sku
from apps.checkout.delivering import Asked
from apps.checkout.packing import Wanted
from apps.demo import levels, past_orders, wrappings
from apps.inventory import services as inventory
from apps.orders.models import Order
from apps.pickup import slot_selectors as slot_facts
from apps.pickup.models import Pickup, SlotTemplate
from apps.pickup.services import moving, riding, slotting
from apps.pickup.states import SlotKind, SlotState
from apps.stores import services as stores
from apps.stores.models import Place

_HOUR: Final = timedelta(hours=1)
_NUMBER: Final = 91
_UNITS: Final = 8
_EVERY_DAY: Final = [1, 2, 3, 4, 5, 6, 7]
# What the shop of filling.py does beside helping out the warehouse.
BY_THE_LAKE: Final[Mapping[str, Any]] = {
    "latitude": 30.2301,
    "longitude": 120.1264,
    "hours": [{"days": _EVERY_DAY, "from": "09:00", "until": "21:00"}],
    "picks_up": True,
    "delivers": True,
    "delivery_radius_m": 5000,
    "delivery_min_fen": 39_00,
    "delivery_fee_fen": 5_00,
    "delivery_near_m": 3000,
    "delivery_more_fen": 2_00,
}
# Their goods are for who comes: no parcel is sent from them.
_OTHERS: Final[tuple[Mapping[str, Any], ...]] = (
    {
        "name": "滨江门店",
        "province": "浙江省",
        "city": "杭州市",
        "district": "滨江区",
        "detail": "江南大道 228 号",
        "phone": "0571-86610228",
        "latitude": 30.2086,
        "longitude": 120.2107,
        "hours": [
            {"days": [1, 2, 3, 4, 5], "from": "10:00", "until": "21:30"},
            {"days": [6, 7], "from": "09:30", "until": "22:00"},
        ],
    },
    {
        "name": "上海静安门店",
        "province": "上海市",
        "city": "上海市",
        "district": "静安区",
        "detail": "南京西路 1168 号",
        "phone": "021-62881168",
        "latitude": 31.2286,
        "longitude": 121.4570,
        "hours": [{"days": _EVERY_DAY, "from": "10:00", "until": "22:00"}],
    },
)


# 定时达 of the shop by the lake: from, until, orders.
_SLOTS: Final = ((time(9), time(11), 6), (time(14), time(16), 6), (time(18), time(20), 4))


def fill(*, at: datetime) -> None:
    """Open the two further shops with something in them, and make the orders, where there are none."""
    lake = Place.objects.filter(name="西湖门店", picks_up=True).first()
    if lake is None:
        return
    _offer_slots(lake)
    wrappings.fill(lake, at=at)
    if Pickup.objects.exists():
        return
    skus = list(Sku.objects.filter(enabled=True, virtual=False, product__on_sale=True).order_by("id"))
    for place in (_open(said) for said in _OTHERS):
        for sku in skus[::2]:
            _stock(place, sku, at=at)
    some = [sku for sku in skus if sku.price_fen >= BY_THE_LAKE["delivery_min_fen"]][:4]
    for sku in some:
        _stock(lake, sku, at=at)
    _orders(lake, some, now=at)


def _offer_slots(lake: Place) -> None:
    """Three times a day for its riders, two in the evening for who fetches; nothing where there are some."""
    if SlotTemplate.objects.exists():
        return
    for begins, ends, capacity in _SLOTS:
        _offer(lake, SlotKind.CITY, begins, ends, capacity)
    _offer(lake, SlotKind.PICKUP, time(17), time(19), 20)
    _offer(lake, SlotKind.PICKUP, time(19), time(21), 20)


def _offer(place: Place, kind: SlotKind, begins: time, ends: time, capacity: int) -> None:
    slotting.save(
        SlotTemplate(
            place=place,
            kind=kind,
            weekdays=list(_EVERY_DAY),
            starts_at=begins,
            ends_at=ends,
            capacity=capacity,
            order_before_min=60,
        )
    )


def _open(said: Mapping[str, Any]) -> Place:
    found = Place.objects.filter(name=said["name"]).first()
    whole = {"kind": Place.Kind.SHOP, "priority": 20, "ships": False, "picks_up": True, **said}
    return found or stores.save(Place(**whole))


def _stock(place: Place, sku: Sku, *, at: datetime) -> None:
    inventory.receive(
        sku_id=sku.pk,
        place_id=place.pk,
        quantity=_UNITS,
        business_key=f"demo:shop:{sku.code}",
        reason="演示门店入库",
        operator=None,
        at=at,
    )


def _orders(lake: Place, skus: list[Sku], *, now: datetime) -> None:
    """One that was fetched, one that lies ready, one to put ready; one under way with a rider, one that waits for him."""
    gone = _fetched_from(lake, skus[2], at=now - 52 * _HOUR)
    moving.lie_ready(order_no=gone.order_no, operator=None, at=now - 50 * _HOUR)
    moving.give(Pickup.objects.get(order=gone), operator=None, at=now - 28 * _HOUR)
    lies = _fetched_from(lake, skus[1], at=now - 27 * _HOUR)
    moving.lie_ready(order_no=lies.order_no, operator=None, at=now - 26 * _HOUR)
    _fetched_from(lake, skus[0], at=now - 3 * _HOUR)
    rides = _brought_from(lake, skus[3], at=now - 2 * _HOUR)
    riding.leave(order_no=rides.order_no, rider="小王", operator=None, at=now - _HOUR / 2)
    _brought_from(lake, skus[0], at=now - _HOUR)
    _brought_as_a_present(lake, skus[1], at=now - _HOUR / 3)


def _fetched_from(place: Place, sku: Sku, *, at: datetime) -> Order:
    member = levels.shopper("邻居阿竹", number=_NUMBER, at=at)
    return past_orders.paid(member=member, sku_ids=[sku.pk], delivery=Asked("PICKUP", place.pk), at=at)


def _brought_from(place: Place, sku: Sku, *, at: datetime) -> Order:
    member = levels.shopper("邻居阿兰", number=_NUMBER + 1, at=at)
    return past_orders.paid(member=member, sku_ids=[sku.pk], delivery=Asked("CITY", place.pk), at=at)


def _brought_as_a_present(place: Place, sku: Sku, *, at: datetime) -> Order:
    """One that waits for its slot, wrapped with a card."""
    member = levels.shopper("邻居阿菊", number=_NUMBER + 2, at=at)
    slots = slot_facts.coming(place_id=place.pk, kind=SlotKind.CITY, at=at)
    slot = next(slot for slot in slots if slot.state == SlotState.OPEN)
    return past_orders.paid(
        member=member,
        sku_ids=[sku.pk],
        delivery=Asked("CITY", place.pk),
        slot=slot.id,
        packing=Wanted(wrappings.with_card(), "祝外婆生日快乐，茶香常伴。"),
        at=at,
    )
