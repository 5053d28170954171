"""The goods are here: what was planned becomes stock that is held for the orders that wait for it, the earliest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from apps.inventory import services as inventory
from apps.orders import services as orders
from apps.orders.models import Order, OrderLine
from apps.orders.states import Status
from apps.presale.models import Presale, Reservation
from apps.presale.states import LIFECYCLE, PlanStatus
from mall.errors import Invalid, NotFound

# Whose goods are bought for them: who has not paid at all may still go away.
_WAITING = (Status.RESERVED, Status.PAID)


class NotOfPresale(Invalid):
    """Goods arrive that the pre-sale does not sell, or none."""

    code = "presale_goods_unknown"
    message = "到货商品不在此预售活动中"


class Arrived(NamedTuple):
    """How many orders have their goods now, and how many go on waiting."""

    given: int
    waiting: int


@transaction.atomic
def arrive(
    *, presale_id: int, place_id: int, units: Mapping[int, int], token: str, operator: Any, at: datetime
) -> Arrived:
    """Receive goods, units by SKU id, and hold them for the orders that wait, in one transaction.

    Nobody else can buy a unit before those who have waited: it lies on the shelf only when what is planned has been
    held. Orders are locked before stock, as everywhere. With the same ``token`` nothing is received twice. Without
    units what lies on the shelf already is given out. From now on the sweep gives out whatever comes.
    Raises NotFound, NotOfPresale, and what ``inventory.receive`` raises.
    """
    row = Presale.objects.select_for_update(no_key=True).filter(pk=presale_id).first()
    if row is None:
        raise NotFound
    if set(units) - set(row.goods.values_list("sku_id", flat=True)):
        raise NotOfPresale
    waiting = list(_planned().filter(presale=row).values_list("order__order_no", flat=True))
    locked = orders.lock_many(order_nos=waiting)
    for sku_id in sorted(units):
        inventory.receive(
            sku_id=sku_id,
            place_id=place_id,
            quantity=units[sku_id],
            business_key=f"presale:{presale_id}:{token}",
            reason=f"预售到货 {row.title}"[:100],
            operator=operator,
            at=at,
        )
    if row.arrived_at is None:
        row.arrived_at = at
        row.save(update_fields=["arrived_at"])
    given, short = 0, set[int]()
    for order in locked:
        given += _allot(order, short=short, at=at)
    return Arrived(given, len(locked) - given)


def allot_due(*, at: datetime, limit: int = 500, batch: int = 100) -> int:
    """Hold what lies on the shelf for orders that wait though the goods of their pre-sale are here; return how many.

    At most ``limit``, read ``batch`` by batch, each in a transaction of its own; safe to run side by side. A SKU that
    is short is passed over with all who want it, so that those who came first are served first, and nobody behind them
    who wants something else waits for it.
    """
    given, seen, short = 0, 0, set[int]()
    while given < limit:
        rows = _planned().filter(presale__arrived_at__isnull=False, pk__gt=seen).exclude(_wants(short))
        found = list(rows.values_list("pk", "order__order_no")[: min(batch, limit - given)])
        if not found:
            break
        for _, order_no in found:
            with transaction.atomic():
                given += _allot(orders.lock(order_no=order_no), short=short, at=at)
        seen, _ = found[-1]
    return given


def _planned() -> QuerySet[Reservation]:
    """Those that wait for goods and have paid for them, the earliest first."""
    rows = Reservation.objects.filter(status=PlanStatus.PLANNED, order__status__in=_WAITING)
    return rows.order_by("id")


def _wants(sku_ids: Collection[int]) -> Exists:
    """Whether a reservation's order still waits for a unit of any of these SKUs."""
    lines = OrderLine.objects.filter(order=OuterRef("order"), sku__in=list(sku_ids))
    return Exists(lines.filter(quantity__gt=F("refunded")))


def _allot(order: Order, *, short: set[int], at: datetime) -> bool:
    """Hold the order's units, taken off the shelf where it is paid; say whether this call did it.

    The caller has locked the order. ``short`` are SKUs of which there was not enough; it is added to.
    """
    row = Reservation.objects.select_for_update(no_key=True).get(order=order)
    if row.status != PlanStatus.PLANNED or order.status not in _WAITING:
        return False
    demand = _still_wanted(order)
    if short & set(demand):
        return False
    try:
        inventory.hold(order_no=order.order_no, demand=demand, at=at)
    except inventory.OutOfStock as refusal:
        # Nothing was written: whoever comes later gets none of it before this one.
        short.update(item["sku_id"] for item in refusal.details["items"])
        return False
    if order.status == Status.PAID:
        inventory.commit(order_no=order.order_no, at=at)
    orders.goods_arrived(order=order)
    row.status = PlanStatus(LIFECYCLE.target(move="arrive", current=row.status))
    row.arrived_at = at
    row.save(update_fields=["status", "arrived_at"])
    return True


def _still_wanted(order: Order) -> dict[int, int]:
    """Units by SKU id that are not refunded, gifts included."""
    wanted: Counter[int] = Counter()
    for sku_id, quantity, refunded in OrderLine.objects.filter(order=order).values_list(
        "sku_id", "quantity", "refunded"
    ):
        wanted[sku_id] += quantity - refunded
    return dict(+wanted)
