"""Shops for tests, and orders that are fetched in them or brought by their riders."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apps.catalog.models import Sku
from apps.checkout import placing, quoting
from apps.checkout.delivering import Asked
from apps.checkout.quoting import Choice
from apps.members.models import Address, Member
from apps.orders.models import Order
from apps.pickup import codes
from apps.pickup.models import Pickup
from apps.pickup.services import moving, riding
from apps.stores import services as stores
from apps.stores.models import Place
from tests.apps.checkout import make as counter
from tests.apps.fulfillment import make as fulfillment
from tests.apps.inventory import make as inventory
from tests.apps.members import make as members

NOW = counter.NOW
# By the lake; a hundredth of a degree of latitude is 1,112 m.
LAT, LNG = 30.25, 120.15
DAILY = [{"days": [1, 2, 3, 4, 5, 6, 7], "from": "09:00", "until": "21:00"}]

RIDES: dict[str, Any] = {
    "delivers": True,
    "delivery_radius_m": 5000,
    "delivery_min_fen": 3000,
    "delivery_fee_fen": 500,
    "delivery_near_m": 2000,
    "delivery_more_fen": 200,
}


def shop(name: str = "西湖门店", *, north: float = 0, **columns: Any) -> Place:
    """A shop in which orders are fetched, so many degrees to the north of the lake; it sends no parcels."""
    said: dict[str, Any] = {
        "kind": Place.Kind.SHOP,
        "ships": False,
        "picks_up": True,
        "province": "浙江省",
        "city": "杭州市",
        "district": "西湖区",
        "detail": "龙井路 66 号",
        "phone": "0571-87970066",
        "latitude": LAT + north,
        "longitude": LNG,
        "hours": DAILY,
        **columns,
    }
    return stores.save(Place(name=name, **said))


def goods(place: Place, units: int = 10, price_fen: int = 5000, **columns: Any) -> Sku:
    """A SKU of which so many units lie in that shop, and none anywhere else."""
    sku = counter.goods(price_fen, units=0, **columns)
    inventory.stock(sku, units, at_place=place)
    return sku


def order(
    member: Member,
    sku: Sku,
    quantity: int = 1,
    *,
    asked: Asked,
    address: Address | None = None,
    at: datetime = NOW,
    **more: Any,
) -> Order:
    """An order of this way through the counter, at the price that it quotes."""
    choice = Choice(
        items=((sku.pk, quantity),),
        address_id=address.pk if address else None,
        delivery=asked,
        **more,
    )
    quote = quoting.compose(member=member, choice=choice, at=at).quote
    return placing.place(
        member=member,
        choice=choice,
        expected_payable_fen=quote.payable_fen,
        idempotency_key=counter.key(),
        remark="",
        at=at,
    )


def fetched_from(place: Place, sku: Sku, quantity: int = 1, *, at: datetime = NOW, **more: Any) -> Order:
    """A paid order of a new member that is fetched in this shop."""
    member, _ = counter.buyer()
    placed = order(member, sku, quantity, asked=Asked("PICKUP", place.pk), at=at, **more)
    counter.pay(placed, at=at)
    return Order.objects.get(pk=placed.pk)


def ready(place: Place, sku: Sku, quantity: int = 1, *, at: datetime = NOW) -> Order:
    """The same, lying ready."""
    paid = fetched_from(place, sku, quantity, at=at)
    moving.lie_ready(order_no=paid.order_no, operator=fulfillment.operator(), at=at)
    return Order.objects.get(pk=paid.pk)


def ridden_from(place: Place, *, left: bool = False, at: datetime = NOW) -> Order:
    """A paid order of a new member who lives a kilometre to the north of that shop; its rider may have left."""
    member = members.member()
    home = members.address(member, latitude=LAT + 0.01, longitude=LNG)
    placed = order(member, goods(place), asked=Asked("CITY", place.pk), address=home, at=at)
    counter.pay(placed, at=at)
    if left:
        riding.leave(order_no=placed.order_no, rider="", operator=fulfillment.operator(), at=at)
    return Order.objects.get(pk=placed.pk)


def code_of(order: Order) -> str:
    """The digits that the buyer of an open pickup reads out."""
    code = codes.unseal(Pickup.objects.get(order=order).code_sealed, order_id=order.pk)
    assert code is not None
    return code
