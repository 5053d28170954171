"""The four verbs of a pre-sale at the counter, and its deposit: an order takes of the plan, not of the shelf."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from apps.base import transactions
from apps.campaigns import services as campaigns
from apps.orders.models import Order
from apps.presale.models import Reservation, key_of
from apps.presale.states import KIND, LIFECYCLE, PlanStatus


def hold(*, order: Order, presale_id: int, units: Mapping[int, int], at: datetime) -> None:
    """Take units of the plan, by SKU id, for an unpaid order; the shelf is left alone. Holding again changes nothing.

    Raises NotFound for a SKU that is not sold in it, SoldOut; the transaction must then be rolled back.
    """
    transactions.require()
    for sku_id in sorted(units):
        campaigns.hold(
            kind=KIND,
            key=key_of(presale_id, sku_id),
            order_no=order.order_no,
            member_id=order.member_id,
            units=units[sku_id],
            limit=None,
            at=at,
        )
    Reservation.objects.bulk_create([Reservation(order=order, presale_id=presale_id)], ignore_conflicts=True)


def await_balance(*, order: Order, until: datetime) -> None:
    """The deposit is paid: the balance is awaited until then. The caller has locked the order."""
    transactions.require()
    Reservation.objects.filter(order=order).update(balance_until=until)


def commit(*, order: Order, at: datetime) -> None:
    """The order is paid whole."""
    campaigns.commit(order_no=order.order_no, at=at)
    Reservation.objects.filter(order=order, balance_until__isnull=False).update(balance_until=None)


def release(*, order: Order, at: datetime) -> None:
    """The order was not paid, or its balance was not: its units of the plan are free again."""
    campaigns.release(order_no=order.order_no, at=at)
    drop(order=order)


def restore(*, order: Order, units: Mapping[int, int], cause: str, ends: bool, at: datetime) -> None:
    """A refund gives units back to the plan; with the last one (``ends``) nothing is awaited any more."""
    transactions.require()
    presale_id = order.activity["id"] if order.activity else 0
    for sku_id in sorted(units):
        campaigns.restore(
            order_no=order.order_no,
            units=units[sku_id],
            cause=cause,
            key=key_of(presale_id, sku_id),
            at=at,
        )
    if ends:
        drop(order=order)


def drop(*, order: Order) -> None:
    """Expect no goods and no balance for the order any more. Safe to repeat."""
    transactions.require()
    row = Reservation.objects.select_for_update(no_key=True).filter(order=order).first()
    if row is None or row.status == PlanStatus.DROPPED:
        return
    row.status = PlanStatus(LIFECYCLE.target(move="drop", current=row.status))
    row.balance_until = None
    row.save(update_fields=["status", "balance_until"])
