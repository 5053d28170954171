"""Reading pickups and the shops to fetch from: nearest first, with what lies there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import connection
from django.db.models import BigIntegerField, F, OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from apps.inventory.models import Hold
from apps.members.models import Member
from apps.orders.models import Order, OrderLine
from apps.orders.states import DeliveryKind, Status
from apps.pickup import codes
from apps.pickup.models import Pickup
from apps.pickup.states import PickupStatus
from apps.stores import hours
from apps.stores.geo import Point
from apps.stores.selectors import DISTANCE_M
from mall import text as texts
from mall.errors import NotFound

# Where a pickup may stand while its order stands there.
_STANDS: Final[Mapping[str, Collection[str | None]]] = {
    Status.UNPAID: (None,),
    Status.CLOSED: (None,),
    Status.GATHERING: (PickupStatus.WAITING,),
    Status.PAID: (PickupStatus.WAITING,),
    Status.SHIPPED: (PickupStatus.READY,),
    Status.RECEIVED: (PickupStatus.FETCHED,),
    Status.REFUNDED: (PickupStatus.OFF, PickupStatus.FETCHED),
}
MOST_PLACES: Final = 100
# The nearest first; those without the SKU after all that have it. From nowhere, as the shop sorts its places.
_NEAR: Final = f"""
    SELECT place.id, place.name, concat(place.province, place.city, place.district, place.detail), place.phone,
           place.hours::text, place.latitude, place.longitude, place.delivers,
           CASE WHEN %(lat)s::float8 IS NOT NULL THEN {DISTANCE_M} END AS away,
           CASE WHEN %(sku_id)s::bigint IS NULL THEN NULL ELSE COALESCE(stock.on_hand - stock.held, 0) END AS free
      FROM stores_place AS place
      LEFT JOIN inventory_stock AS stock ON stock.place_id = place.id AND stock.sku_id = %(sku_id)s
     WHERE place.kind = 'SHOP' AND place.picks_up AND (%(city)s = '' OR place.city IN (%(city)s, %(city)s || '市'))
     ORDER BY (CASE WHEN %(sku_id)s::bigint IS NULL THEN FALSE ELSE COALESCE(stock.on_hand - stock.held, 0) < 1 END),
              away, place.priority, place.id
     LIMIT {MOST_PLACES}
"""  # noqa: S608 -- texts of our own


class Shown(NamedTuple):
    """What a buyer sees of their pickup: the code while it is good, and until when it lies there."""

    code: str | None
    fetch_by: datetime | None


NOTHING: Final = Shown(None, None)


def places_near(*, near: Point | None, sku_id: int | None, city: str, at: datetime) -> list[dict[str, Any]]:
    """The shops where orders are fetched as the API shows them, at most a hundred: one statement.

    ``distance_m`` is None from nowhere, ``available`` None where no SKU is asked for.
    """
    told = {
        "lat": near.lat if near else None,
        "lng": near.lng if near else None,
        "sku_id": sku_id,
        "city": city,
    }
    with connection.cursor() as cursor:
        cursor.execute(_NEAR, told)
        rows = cursor.fetchall()
    return [_place(row, at=at) for row in rows]


def of_order(order: Order) -> Shown:
    """What the buyer of an order sees of its pickup: the code once it is paid and until it is fetched or refunded."""
    if order.delivery_kind is not DeliveryKind.PICKUP or order.status not in (Status.PAID, Status.SHIPPED):
        return NOTHING
    row = Pickup.objects.filter(order=order).only("code_sealed", "fetch_by").first()
    return Shown(codes.unseal(row.code_sealed, order_id=order.pk), row.fetch_by) if row else NOTHING


def open_of_member(*, member: Member, order_no: str) -> Pickup:
    """The member's pickup that can still be fetched. Raises NotFound."""
    if not texts.is_number(order_no):
        raise NotFound
    row = Pickup.objects.filter(
        order__order_no=order_no,
        order__member=member,
        order__status__in=[Status.PAID, Status.SHIPPED],
        status__in=[PickupStatus.WAITING, PickupStatus.READY],
    ).first()
    if row is None:
        raise NotFound
    return row


def goods_of(row: Pickup) -> list[OrderLine]:
    """The lines of which units are to be handed over: those not refunded."""
    lines = list(OrderLine.objects.filter(order_id=row.order_id).order_by("id"))
    return [line for line in lines if line.quantity > line.refunded]


def fingerprint(row: Pickup) -> str:
    """A short word for the goods that a counter was shown: others have another one."""
    shown = [(line.pk, line.quantity - line.refunded) for line in goods_of(row)]
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:32]


def overdue(*, at: datetime, limit: int) -> Sequence[str]:
    """The numbers of orders that lie ready and were not fetched in time, the longest overdue first."""
    rows = Pickup.objects.filter(status=PickupStatus.READY, fetch_by__lte=at).order_by("fetch_by", "id")
    return list(rows.values_list("order__order_no", flat=True)[:limit])


def is_overdue(order: Order, *, at: datetime) -> bool:
    """Whether an order lies ready and was not fetched in time. Binding under the order's lock."""
    return Pickup.objects.filter(order=order, status=PickupStatus.READY, fetch_by__lte=at).exists()


def to_prepare() -> QuerySet[Pickup]:
    """Pickups whose goods somebody has to put ready."""
    return Pickup.objects.filter(
        status=PickupStatus.WAITING, order__status=Status.PAID, order__awaits_goods=False
    )


def misplaced() -> Iterator[str]:
    """Orders that are fetched and whose pickup stands elsewhere than they do, or is missing."""
    rows = Order.objects.filter(delivery__kind=DeliveryKind.PICKUP).order_by("id")
    for order_no, status, stands in rows.values_list("order_no", "status", "pickup__status").iterator():
        wanted = _STANDS.get(status, ())
        if stands not in wanted:
            yield f"{order_no} is {status}, its pickup {stands}"


def held_elsewhere() -> Iterator[str]:
    """Orders from one shop that took units of another place."""
    place = Cast(KeyTextTransform("place_id", "delivery"), BigIntegerField())
    order = Order.objects.filter(order_no=OuterRef("order_no"), delivery__isnull=False).annotate(at=place)
    rows = Hold.objects.annotate(at=Subquery(order.values("at")[:1])).filter(at__isnull=False)
    for order_no, place_id in (
        rows.exclude(stock__place_id=F("at")).order_by("id").values_list("order_no", "stock__place_id")
    ):
        yield f"{order_no} took units of place {place_id}"


def _place(row: Sequence[Any], *, at: datetime) -> dict[str, Any]:
    place_id, name, address, phone, typed, lat, lng, delivers, away, free = row
    opening = json.loads(typed)
    return {
        "id": place_id,
        "name": name,
        "address": address,
        "phone": phone,
        "hours": opening,
        "open_now": hours.is_open(opening, at=at),
        "distance_m": None if away is None else round(away),
        "available": free,
        "lat": lat,
        "lng": lng,
        "delivers": delivers,
    }
