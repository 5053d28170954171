"""Booking: the one guarded statement that changes stock, and the ledger rows that say why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from django.contrib.auth.models import User
from django.db import connection, transaction

from apps.base import planned
from apps.base.clauses import Clause, Part
from apps.inventory.models import Hold, StockEntry
from apps.inventory.states import EntryKind, HoldStatus
from mall.errors import ShopError

# The guard is the promise "a unit is never sold twice": a row that would leave 0 ≤ held ≤ on_hand is not
# updated, and the missing row is noticed by its count.
_GUARDED = """
    UPDATE inventory_stock AS stock
       SET on_hand = stock.on_hand + change.on_hand,
           held = stock.held + change.held
      FROM unnest(%s::bigint[], %s::int[], %s::int[]) AS change (stock_id, on_hand, held)
     WHERE stock.id = change.stock_id
       AND stock.held + change.held >= 0
       AND stock.held + change.held <= stock.on_hand + change.on_hand
"""
# The same guard, with the ledger's rows and the order's holds in one statement. Where the guard misses a row the
# whole is rolled back, so the other rows are never seen. Nothing is held for an order that has holds already, nor beyond
# what it and the orders that count with it may hold of a SKU: read after the caller's locks, since by a later statement.
_HELD = """
    WITH counted AS (
        SELECT hold.order_no, hold.status, hold.quantity, stock.sku_id
          FROM inventory_hold AS hold JOIN inventory_stock AS stock ON stock.id = hold.stock_id
         WHERE hold.order_no IN ({order_nos})
    ), refused AS (
        SELECT 1 FROM counted WHERE order_no = %(order_no)s
         UNION ALL
        SELECT 1
          FROM unnest(%(sku_ids)s::bigint[], %(units)s::int[]) AS demand (sku_id, units)
          LEFT JOIN counted ON counted.sku_id = demand.sku_id AND counted.status = %(status)s
         GROUP BY demand.sku_id, demand.units
        HAVING COALESCE(sum(counted.quantity), 0) + demand.units > %(at_most)s
    ), wanted AS (
        SELECT change.* FROM unnest(%(stock_ids)s::bigint[], %(quantities)s::int[]) AS change (stock_id, quantity)
         WHERE NOT EXISTS (SELECT 1 FROM refused)
    ), changed AS (
        UPDATE inventory_stock AS stock SET held = stock.held + wanted.quantity
          FROM wanted
         WHERE stock.id = wanted.stock_id AND stock.held + wanted.quantity <= stock.on_hand
        RETURNING stock.id
    ), entered AS (
        INSERT INTO inventory_stockentry (stock_id, kind, on_hand_change, held_change, business_key, reason, at)
        SELECT stock_id, %(kind)s, 0, quantity, %(business_key)s, '', %(at)s FROM wanted
    ), noted AS (
        INSERT INTO inventory_hold (order_no, stock_id, quantity, restored, status)
        SELECT %(order_no)s, stock_id, quantity, 0, %(status)s FROM wanted
    )
    SELECT (SELECT count(*) FROM wanted), (SELECT count(*) FROM changed)
"""
# Locked and held at once, in the order of all lockers, where nothing is to be chosen: each SKU lies in one place that
# ships, which has enough. Else nothing is held, and the locked rows are answered. What others hold that count with the
# order is read as of before the locks: whose orders these are has to be certain by a lock of the caller's.
_HELD_AT_ONCE: Final = f"""
    stock_shelves AS MATERIALIZED (
        SELECT stock.id, stock.sku_id, stock.place_id, place.priority, stock.on_hand - stock.held AS free
          FROM inventory_stock AS stock JOIN stores_place AS place ON place.id = stock.place_id
         WHERE stock.sku_id = ANY({{sku_ids}}) AND place.ships AND {{after}}
         ORDER BY stock.sku_id, stock.place_id
           FOR NO KEY UPDATE OF stock
    ), stock_counted AS (
        SELECT hold.order_no, hold.status, hold.quantity, stock.sku_id
          FROM inventory_hold AS hold JOIN inventory_stock AS stock ON stock.id = hold.stock_id
         WHERE hold.order_no IN ([order_nos])
    ), stock_chosen AS MATERIALIZED (
        SELECT min(shelf.id) AS stock_id, demand.units AS quantity
          FROM unnest({{sku_ids}}, {{sku_units}}) AS demand (sku_id, units)
          JOIN stock_shelves AS shelf ON shelf.sku_id = demand.sku_id
         GROUP BY demand.sku_id, demand.units
        HAVING count(*) = 1 AND min(shelf.free) >= demand.units
           AND demand.units + (SELECT COALESCE(sum(held.quantity), 0) FROM stock_counted AS held
                                WHERE held.sku_id = demand.sku_id AND held.status = '{HoldStatus.HELD}') <= {{at_most}}
    ), stock_wanted AS (
        SELECT * FROM stock_chosen
         WHERE (SELECT count(*) FROM stock_chosen) = cardinality({{sku_ids}})
           AND NOT EXISTS (SELECT 1 FROM stock_counted WHERE order_no = {{order_no}})
    ), stock_changed AS (
        UPDATE inventory_stock AS stock SET held = stock.held + wanted.quantity
          FROM stock_wanted AS wanted
         WHERE stock.id = wanted.stock_id AND stock.held + wanted.quantity <= stock.on_hand
        RETURNING stock.id
    ), stock_entered AS (
        INSERT INTO inventory_stockentry (stock_id, kind, on_hand_change, held_change, business_key, reason, at)
        SELECT stock_id, '{EntryKind.HOLD}', 0, quantity, {{order_no}} || ':hold', '', {{at}} FROM stock_wanted
    ), stock_noted AS (
        INSERT INTO inventory_hold (order_no, stock_id, quantity, restored, status)
        SELECT {{order_no}}, stock_id, quantity, 0, '{HoldStatus.HELD}' FROM stock_wanted
    )
"""  # noqa: S608 -- words of our own
# What an order holds is sold: its holds and their stock rows are locked in the order of all lockers, and changed by what
# they are under the lock. Nobody else changes its holds, since who does has locked the order.
_SELL: Final = Part(
    """
    stock_locked AS MATERIALIZED (
        SELECT hold.id, hold.stock_id, hold.quantity, hold.status, stock.sku_id, stock.place_id
          FROM inventory_hold AS hold JOIN inventory_stock AS stock ON stock.id = hold.stock_id
         WHERE hold.order_no = {order_no} AND {after}
         ORDER BY stock.sku_id, stock.place_id
           FOR NO KEY UPDATE OF hold, stock
    ), stock_ending AS (
        SELECT * FROM stock_locked
         WHERE status = 'HELD' AND NOT EXISTS (SELECT FROM stock_locked WHERE status = 'RELEASED')
    ), stock_sold AS (
        UPDATE inventory_stock AS stock
           SET held = stock.held - ending.quantity, on_hand = stock.on_hand - ending.quantity
          FROM stock_ending AS ending
         WHERE stock.id = ending.stock_id AND stock.held >= ending.quantity
        RETURNING stock.id
    ), stock_entered AS (
        INSERT INTO inventory_stockentry (stock_id, kind, on_hand_change, held_change, business_key, reason, at)
        SELECT stock_id, 'COMMIT', -quantity, -quantity, {order_no} || ':commit', '', {at}
          FROM stock_ending ORDER BY sku_id, place_id
    ), stock_ended AS (
        UPDATE inventory_hold AS hold SET status = 'COMMITTED'
          FROM stock_ending AS ending WHERE hold.id = ending.id
        RETURNING hold.id
    )
    """,
    done="true",
    answers=(
        "(SELECT count(*) FROM stock_locked)",
        "EXISTS (SELECT FROM stock_locked WHERE status = 'RELEASED')",
        "(SELECT count(*) FROM stock_ending)",
        "(SELECT count(*) FROM stock_sold)",
        "(SELECT count(*) FROM stock_ended)",
    ),
    types={"order_no": "text", "at": "timestamptz"},
)
# The end of holds that are given back, of one order or of many, with the same guard, the ledger's rows and the holds.
_ENDED = """
    WITH ending AS (
        SELECT *
          FROM unnest(%(hold_ids)s, %(stock_ids)s, %(quantities)s, %(business_keys)s::text[]) WITH ORDINALITY
               AS ending (hold_id, stock_id, quantity, business_key, place)
    ), freed AS (
        SELECT stock_id, sum(quantity)::int AS quantity FROM ending GROUP BY stock_id
    ), changed AS (
        UPDATE inventory_stock AS stock SET held = stock.held - freed.quantity
          FROM freed
         WHERE stock.id = freed.stock_id AND stock.held >= freed.quantity
        RETURNING stock.id
    ), entered AS (
        INSERT INTO inventory_stockentry (stock_id, kind, on_hand_change, held_change, business_key, reason, at)
        SELECT stock_id, 'RELEASE', 0, -quantity, business_key, '', %(at)s FROM ending ORDER BY place
    ), ended AS (
        UPDATE inventory_hold AS hold SET status = 'RELEASED'
          FROM ending
         WHERE hold.id = ending.hold_id AND hold.status = 'HELD'
        RETURNING hold.id
    )
    SELECT (SELECT count(*) FROM changed), (SELECT count(*) FROM ended)
"""
# What one order may hold where nobody set a limit: more than any shelf has.
_NO_LIMIT = 2**62


class InventoryConflict(ShopError):
    """The stock of this order is not in the state that the call needs, so nothing was changed."""

    code = "inventory_conflict"
    message = "库存状态与订单不一致，操作未执行"


class Change(NamedTuple):
    """How many units one stock row gains (or loses) on the shelf and in promises."""

    stock_id: int
    on_hand: int = 0
    held: int = 0


class Cause(NamedTuple):
    """Why stock changes. ``business_key`` is unique per stock row: the same cause is never booked twice."""

    kind: EntryKind
    business_key: str
    reason: str = ""
    operator: User | None = None


class Limit(NamedTuple):
    """How many units of a SKU some orders may hold together; the order that holds is among them.

    ``order_nos`` is a SELECT of their numbers with ``told``, its named ids, because whose orders they are is known
    upstairs and has to be read here under the locks. Its text is fixed: one of a few.
    """

    order_nos: str
    told: Mapping[str, Any]
    units: int


def book_holds(
    quantities: Mapping[int, int],
    *,
    order_no: str,
    demand: Mapping[int, int],
    limit: Limit | None,
    cause: Cause,
    at: datetime,
) -> bool:
    """Hold these units ≥ 1 by stock row for an order, with ledger entries and holds: one statement.

    They are what ``demand`` asks of each SKU. False, with nothing held, where the order has holds already, or would
    hold more than ``limit`` says. The caller has locked the rows as for ``book``. Raises InventoryConflict likewise.
    """
    told: dict[str, Any] = {
        **(limit.told if limit else {}),
        "stock_ids": list(quantities),
        "quantities": list(quantities.values()),
        "sku_ids": list(demand),
        "units": list(demand.values()),
        "at_most": limit.units if limit else _NO_LIMIT,
        "kind": cause.kind.value,
        "business_key": cause.business_key,
        "order_no": order_no,
        "status": HoldStatus.HELD.value,
        "at": at,
    }
    wanted, changed = planned.row(_held(limit.order_nos if limit else "%(order_no)s"), told)
    if not wanted:
        return False
    if changed != len(quantities):
        transaction.set_rollback(True)
        raise InventoryConflict
    return True


def holding(
    *,
    order_no: str,
    demand: Mapping[int, int],
    limit: Limit,
    at: datetime,
    otherwise: Callable[[Sequence[Sequence[int]]], object],
) -> Clause:
    """The clause that locks these SKUs' rows and holds them, done where nothing is to be chosen.

    Else ``otherwise`` is told the locked rows, as ``Shelf`` has them, and does the rest. The orders of ``limit`` are those
    of whoever the caller lets place one order at a time. Raises InventoryConflict likewise.
    """
    told: dict[str, Any] = {
        **limit.told,
        "sku_ids": list(demand),
        "sku_units": list(demand.values()),
        "at_most": limit.units,
        "order_no": order_no,
        "at": at,
    }

    def settle(wanted: int, changed: int, shelves: Sequence[Sequence[int]] | None) -> bool:
        if wanted != changed:
            transaction.set_rollback(True)
            raise InventoryConflict
        if not wanted:
            otherwise(shelves or ())
        return bool(wanted)

    return Clause(_held_at_once(limit.order_nos, tuple(limit.told)), told, settle)


def selling(*, order_no: str, gone: Callable[[], ShopError], at: datetime) -> Clause:
    """The clause that takes what a locked order still holds off the shelf, with ledger entries, and ends its holds.

    Raises what ``gone`` makes, with nothing changed, where it holds nothing, or gave something back; InventoryConflict
    likewise.
    """

    def settle(holds: int, released: bool, ending: int, sold: int, ended: int) -> bool:
        if sold != ending or ended != ending:
            transaction.set_rollback(True)
            raise InventoryConflict
        if released or not holds:
            raise gone()
        return True

    return Clause(_SELL, {"order_no": order_no, "at": at}, settle)


def give_back(holds: Sequence[Hold], *, at: datetime) -> None:
    """Give back what these hold: one statement, however many orders. The ledger's key of each is its order's number.

    The caller has locked holds and stock rows. Raises InventoryConflict likewise.
    """
    told: dict[str, Any] = {
        "hold_ids": [hold.pk for hold in holds],
        "stock_ids": [hold.stock_id for hold in holds],
        "quantities": [hold.quantity for hold in holds],
        "business_keys": [f"{hold.order_no}:release" for hold in holds],
        "at": at,
    }
    changed, ended = planned.row(_ENDED, told)
    if changed != len({hold.stock_id for hold in holds}) or ended != len(holds):
        transaction.set_rollback(True)
        raise InventoryConflict


@lru_cache(maxsize=8)
def _held(order_nos: str) -> str:
    return _HELD.format(order_nos=order_nos)


@lru_cache(maxsize=8)
def _held_at_once(order_nos: str, ids: tuple[str, ...]) -> Part:
    """The part of ``holding``; ``ids`` are the names of the values in ``order_nos``."""
    named = order_nos % {name: f"{{{name}}}" for name in ids}
    shelves = "(SELECT array_agg(ARRAY[id, sku_id, place_id, priority, free]) FROM stock_shelves)"
    return Part(
        _HELD_AT_ONCE.replace("[order_nos]", named),
        done="EXISTS (SELECT 1 FROM stock_wanted)",
        answers=(
            "(SELECT count(*) FROM stock_wanted)",
            "(SELECT count(*) FROM stock_changed)",
            f"CASE WHEN NOT EXISTS (SELECT 1 FROM stock_wanted) THEN {shelves} END",  # noqa: S608 -- likewise
        ),
        types={
            **dict.fromkeys(ids, "bigint"),
            "sku_ids": "bigint[]",
            "sku_units": "int[]",
            "at_most": "bigint",
            "order_no": "text",
            "at": "timestamptz",
        },
    )


def book(changes: Sequence[Change], *, cause: Cause, at: datetime) -> None:
    """Apply the changes, all or none, and append one ledger entry for each: two statements in all.

    The caller has locked the rows in the order (sku_id, place_id), which is what keeps two bookings from
    waiting for each other; an UPDATE of several rows promises no order by itself. Raises InventoryConflict,
    with the transaction (or savepoint) marked for rollback, when a row would leave its bounds.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _GUARDED,
            [
                [change.stock_id for change in changes],
                [change.on_hand for change in changes],
                [change.held for change in changes],
            ],
        )
        updated = cursor.rowcount
    if updated != len(changes):
        transaction.set_rollback(True)
        raise InventoryConflict
    StockEntry.objects.bulk_create(
        StockEntry(
            stock_id=change.stock_id,
            kind=cause.kind,
            on_hand_change=change.on_hand,
            held_change=change.held,
            business_key=cause.business_key,
            reason=cause.reason,
            operator=cause.operator,
            at=at,
        )
        for change in changes
    )
