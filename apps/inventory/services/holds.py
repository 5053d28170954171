"""The four verbs of an order's stock: hold at placing, commit at paying, release at closing, restore at refund.

Rows are always locked in the order (sku_id, place_id), before anything is decided from their figures: nobody
else can take what was just counted, so there is neither overselling nor a false refusal, and two orders that
want the same SKUs queue instead of waiting for each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from django.db import connection
from django.db.models import F

from apps.base import clauses, planned, statements, transactions
from apps.base.clauses import Clause
from apps.inventory.models import Hold, StockEntry
from apps.inventory.services import booking, choosing
from apps.inventory.services.booking import Cause, Change, InventoryConflict, Limit
from apps.inventory.states import EntryKind, HoldStatus
from mall.errors import Kind, ShopError

_SHELVES: Final = """
    SELECT stock.id, stock.sku_id, stock.place_id, place.priority, stock.on_hand - stock.held
      FROM inventory_stock AS stock JOIN stores_place AS place ON place.id = stock.place_id
     WHERE stock.sku_id = ANY(%s) AND place.ships
     ORDER BY stock.sku_id, stock.place_id
       FOR NO KEY UPDATE OF stock
"""
# Of an order that is fetched or delivered from one shop, that shop's shelves alone, whether or not it sends parcels.
_SHELVES_AT: Final = _SHELVES.replace("place.ships", "place.id = %s")
_LOCK_HOLDS: Final = statements.Select(
    lambda order_no: (
        Hold.objects.filter(order_no=order_no)
        .select_related("stock")
        .order_by("stock__sku_id", "stock__place_id")
        .select_for_update(of=("self", "stock"), no_key=True)
    ),
    order_no=str,
)
# Of many orders in one: the order of the locks goes across all of them.
_LOCK_HOLDS_OF_MANY: Final = """
    SELECT hold.id, hold.order_no, hold.stock_id, hold.quantity, hold.status
      FROM inventory_hold AS hold JOIN inventory_stock AS stock ON stock.id = hold.stock_id
     WHERE hold.order_no = ANY(%s::text[])
     ORDER BY stock.sku_id, stock.place_id, hold.id
       FOR NO KEY UPDATE OF hold, stock
"""


class OutOfStock(ShopError):
    """Fewer units are free than wanted. ``details``: the first such SKU, and all of them under ``items``."""

    code = "out_of_stock"
    message = "库存不足"


class TooManyUnpaidUnits(ShopError):
    """One buyer would hold more of a SKU without having paid than anybody may.

    ``details``: the ``sku_id``, how many units the buyer's other unpaid orders have ``held``, and the ``max``.
    """

    code = "too_many_unpaid_units"
    message = "该商品待付款的数量太多，请先付款或减少数量"
    kind = Kind.CONFLICT


class StockGone(ShopError):
    """The order's units were given back (or never held), so a payment for it has nothing to be paid for."""

    code = "stock_gone"
    message = "订单占用的库存已释放"


def hold(
    *,
    order_no: str,
    demand: Mapping[int, int],
    limit: Limit | None = None,
    place_id: int | None = None,
    at: datetime,
) -> dict[int, int]:
    """Promise units to an unpaid order, all or none: two statements, however many SKUs.

    ``demand`` maps SKU ids to units ≥ 1, summed over all lines of the order; ``limit`` is what it and other
    orders may hold of each. ``place_id``: all of it from that place, wherever else there is some; None: from places that
    ship, as ``choosing`` says. Returns how many units of each SKU were free before, nothing where the order holds
    them already: holding again for the same order changes nothing. Raises TooManyUnpaidUnits and OutOfStock, with
    nothing held; InventoryConflict where the order holds something else already or was closed; ValueError for a
    demand that is no demand.
    """
    transactions.require()
    if not demand or any(quantity < 1 for quantity in demand.values()):
        raise ValueError(f"an order holds at least one unit of each SKU, not {dict(demand)}")
    shelves = lock_shelves(demand, place_id)
    return _hold(shelves, order_no=order_no, demand=demand, limit=limit, at=at)


def holding(*, order_no: str, demand: Mapping[int, int], limit: Limit, at: datetime) -> Clause:
    """The clause of ``hold`` from places that ship: one statement where each SKU lies in one of them, two else.

    For whoever places one order at a time of those that ``limit`` counts (``orders.draft``).
    """

    def otherwise(rows: Sequence[Sequence[int]]) -> None:
        shelves = [choosing.Shelf(*row) for row in rows]
        _hold(shelves, order_no=order_no, demand=demand, limit=limit, at=at)

    return booking.holding(order_no=order_no, demand=demand, limit=limit, at=at, otherwise=otherwise)


def _hold(
    shelves: Sequence[choosing.Shelf],
    *,
    order_no: str,
    demand: Mapping[int, int],
    limit: Limit | None,
    at: datetime,
) -> dict[int, int]:
    """Hold the demand from shelves that are locked."""
    takes, shortages = choosing.choose(demand, shelves)
    held = not shortages and booking.book_holds(
        {take.stock_id: take.quantity for take in takes},
        order_no=order_no,
        demand=demand,
        limit=limit,
        cause=Cause(EntryKind.HOLD, f"{order_no}:hold"),
        at=at,
    )
    if not held:
        _refuse_unless_held(order_no, demand, shortages, limit)
        return {}
    free: Counter[int] = Counter()
    for shelf in shelves:
        free[shelf.sku_id] += shelf.free
    return dict(free)


def _refuse_unless_held(
    order_no: str, demand: Mapping[int, int], shortages: Sequence[choosing.Shortage], limit: Limit | None
) -> None:
    """Say why nothing was held; fine where the order holds its demand already.

    Read after the locks, in a statement of its own: a repeated call that had to wait sees the first one.
    """
    order_nos = [order_no]
    if limit is not None:
        with connection.cursor() as cursor:
            cursor.execute(limit.order_nos, limit.told)
            order_nos = [order_no, *(number for (number,) in cursor.fetchall())]
    rows = list(Hold.objects.filter(order_no__in=order_nos).select_related("stock").order_by())
    if holds := [row for row in rows if row.order_no == order_no]:
        _refuse_other_demand(holds, demand)
        return
    if limit is not None:
        _refuse_too_many([row for row in rows if row.status == HoldStatus.HELD], demand, at_most=limit.units)
    if not shortages:
        raise InventoryConflict(details={"order_no": order_no})
    raise out_of_stock(shortages)


def out_of_stock(shortages: Sequence[choosing.Shortage]) -> OutOfStock:
    """The refusal that names these, of which there is at least one."""
    items = [{"sku_id": short.sku_id, "available": short.available} for short in shortages]
    return OutOfStock(details={**items[0], "items": items})


def commit(*, order_no: str, at: datetime) -> None:
    """Take what the order holds off the shelf: it is paid for. Committing again changes nothing.

    Raises StockGone where the units were released, or never held: the payment is then a surplus, to be
    refunded, and must not revive the order.
    """
    transactions.require()
    clauses.run([committing(order_no=order_no, at=at)])


def committing(*, order_no: str, at: datetime) -> Clause:
    """The clause of ``commit``. It raises likewise."""
    gone = partial(StockGone, details={"order_no": order_no})
    return booking.selling(order_no=order_no, gone=gone, at=at)


def release(*, order_no: str, at: datetime) -> None:
    """Give back what an unpaid order holds. Releasing again, or an order without holds, changes nothing.

    Raises InventoryConflict once the units are committed: what is paid for comes back through restore.
    """
    release_many(order_nos=[order_no], at=at)


def release_many(*, order_nos: Collection[str], at: datetime) -> None:
    """Give back what each of these unpaid orders holds, likewise, all or none: two statements, however many orders."""
    transactions.require()
    rows = planned.rows(_LOCK_HOLDS_OF_MANY, [list(order_nos)])
    holds = [
        Hold(pk=pk, order_no=order_no, stock_id=stock_id, quantity=quantity, status=status)
        for pk, order_no, stock_id, quantity, status in rows
    ]
    for row in holds:
        if row.status == HoldStatus.COMMITTED:
            raise InventoryConflict("订单已支付，占用的库存不能释放", details={"order_no": row.order_no})
    if open_holds := [row for row in holds if row.status == HoldStatus.HELD]:
        booking.give_back(open_holds, at=at)


def restore(
    *, order_no: str, quantities: Mapping[int, int] | None = None, cause: str = "", at: datetime
) -> None:
    """Put committed units back on the shelf they came from: all that are still out, or some of each SKU.

    ``quantities`` maps SKU ids to units ≥ 1 and needs a ``cause`` (a refund number, at most 39 characters):
    the same cause changes nothing the second time, while another refund of the same SKU does. Restoring all
    needs none. Raises InventoryConflict for more than was taken, and for units that are not committed.
    """
    transactions.require()
    if (quantities is None) != (cause == ""):
        raise ValueError("restoring some units needs a cause, restoring all of them needs none")
    holds = _lock_holds(order_no)
    key = f"{order_no}:restore:{cause}" if cause else f"{order_no}:restore"
    stock_ids = [row.stock_id for row in holds]
    if StockEntry.objects.filter(stock_id__in=stock_ids, business_key=key).exists():
        return
    if any(row.status != HoldStatus.COMMITTED for row in holds):
        raise InventoryConflict("订单的库存尚未出库，不能退回", details={"order_no": order_no})
    backs = _all_out(holds) if quantities is None else _some_back(holds, quantities)
    if not backs:
        return
    booking.book(
        [Change(row.stock_id, on_hand=quantity) for row, quantity in backs],
        cause=Cause(EntryKind.RESTORE, key),
        at=at,
    )
    for row, quantity in backs:
        Hold.objects.filter(pk=row.pk).update(restored=F("restored") + quantity)


def lock_shelves(demand: Mapping[int, int], place_id: int | None) -> list[choosing.Shelf]:
    """Lock the rows of these SKUs in every place that ships, or in one, and read them as they are under the lock."""
    if place_id is None:
        rows = planned.rows(_SHELVES, [list(demand)])
    else:
        rows = planned.rows(_SHELVES_AT, [list(demand), place_id])
    return [choosing.Shelf(*row) for row in rows]


def _lock_holds(order_no: str) -> list[Hold]:
    """Lock the order's holds and their stock rows, one after the other in the order of all lockers."""
    return _LOCK_HOLDS.rows(order_no=order_no)


def _refuse_other_demand(holds: list[Hold], demand: Mapping[int, int]) -> None:
    held: dict[int, int] = {}
    for row in holds:
        held[row.stock.sku_id] = held.get(row.stock.sku_id, 0) + row.quantity
    if held != dict(demand) or any(row.status == HoldStatus.RELEASED for row in holds):
        raise InventoryConflict(details={"order_no": holds[0].order_no})


def _refuse_too_many(beside: list[Hold], demand: Mapping[int, int], *, at_most: int) -> None:
    held: Counter[int] = Counter()
    for row in beside:
        held[row.stock.sku_id] += row.quantity
    for sku_id, quantity in demand.items():
        if held[sku_id] + quantity > at_most:
            raise TooManyUnpaidUnits(details={"sku_id": sku_id, "held": held[sku_id], "max": at_most})


def _all_out(holds: list[Hold]) -> list[tuple[Hold, int]]:
    return [(row, row.quantity - row.restored) for row in holds if row.restored < row.quantity]


def _some_back(holds: list[Hold], quantities: Mapping[int, int]) -> list[tuple[Hold, int]]:
    """Spread what comes back of each SKU over the rows it was taken from; never more than is still out."""
    if not quantities or any(quantity < 1 for quantity in quantities.values()):
        raise ValueError(f"at least one unit of each SKU comes back, not {dict(quantities)}")
    left = dict(quantities)
    backs: list[tuple[Hold, int]] = []
    for row, out in _all_out(holds):
        if quantity := min(out, left.get(row.stock.sku_id, 0)):
            backs.append((row, quantity))
            left[row.stock.sku_id] -= quantity
    if beyond := {sku_id: quantity for sku_id, quantity in left.items() if quantity}:
        raise InventoryConflict("退回数量超过已出库数量", details={"beyond": beyond})
    return backs
