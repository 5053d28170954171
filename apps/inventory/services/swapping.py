"""Other goods for those that an order has paid for: back on the shelf with the ones, off it with the others, at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db.models import F

from apps.base import transactions
from apps.inventory.models import Hold, Stock, StockEntry
from apps.inventory.services import booking, choosing, holds
from apps.inventory.services.booking import Cause, Change
from apps.inventory.states import EntryKind, HoldStatus


def swap(*, order_no: str, back: Mapping[int, int], out: Mapping[int, int], cause: str, at: datetime) -> None:
    """Put committed units ``back`` and take others ``out`` in their place, all or none; both map SKU ids to units ≥ 1.

    No SKU is in both. The others are committed as if they had been paid for, from places that ship, so that a refund
    restores them. ``cause`` (at most 39 characters) makes it once. All rows are locked in the order of all lockers
    before any is changed. The caller has locked the order. Raises OutOfStock with nothing changed; InventoryConflict where
    ``back`` is more than was taken.
    """
    transactions.require()
    if not back or not out or set(back) & set(out):
        raise ValueError(f"{dict(back)} cannot be swapped for {dict(out)}")
    rows = Stock.objects.filter(sku__in=[*back, *out]).order_by("sku_id", "place_id")
    # The rows of both, before either verb locks its own: two orders that swap crosswise queue.
    list(rows.select_for_update(no_key=True).values_list("pk", flat=True))
    key = f"{order_no}:swap:{cause}"
    if StockEntry.objects.filter(stock__sku__in=out, business_key=key).exists():
        return
    takes, shortages = choosing.choose(out, holds.lock_shelves(out, None))
    if shortages:
        raise holds.out_of_stock(shortages)
    holds.restore(order_no=order_no, quantities=back, cause=cause, at=at)
    booking.book(
        [Change(take.stock_id, on_hand=-take.quantity) for take in takes],
        cause=Cause(EntryKind.SWAP, key),
        at=at,
    )
    for take in takes:
        mine = Hold.objects.filter(order_no=order_no, stock_id=take.stock_id, status=HoldStatus.COMMITTED)
        if not mine.update(quantity=F("quantity") + take.quantity):
            Hold.objects.create(
                order_no=order_no,
                stock_id=take.stock_id,
                quantity=take.quantity,
                status=HoldStatus.COMMITTED,
            )
