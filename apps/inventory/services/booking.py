"""Booking: the one guarded statement that changes stock, and the ledger rows that say why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.contrib.auth.models import User
from django.db import connection, transaction

from apps.inventory.models import StockEntry
from apps.inventory.states import EntryKind
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
