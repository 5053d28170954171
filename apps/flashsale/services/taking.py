"""The four verbs of a good's quota: a waiter's right is used up with the order, and what comes back goes to who waits."""

from __future__ import annotations

from datetime import datetime

from apps.base import transactions
from apps.campaigns import services as campaigns
from apps.flashsale.selectors import KIND
from apps.flashsale.services import waiting


def hold(*, order_no: str, member_id: int, good_id: int, units: int, at: datetime) -> None:
    """Take units for an unpaid order, the first of them by the member's right as a waiter, if there is one: two statements.

    Raises NotFound, LimitReached, SoldOut; the caller's transaction must then be rolled back.
    """
    transactions.require()
    entry = waiting.use_right(good_id=good_id, member_id=member_id, order_no=order_no, at=at)
    campaigns.hold(
        kind=KIND,
        key=str(good_id),
        order_no=order_no,
        member_id=member_id,
        units=units,
        limit=entry.limit,
        of_aside=int(entry.by_right),
        at=at,
    )


def commit(*, order_no: str, at: datetime) -> None:
    """Note that the order is paid, whenever that is: what was ordered in the window keeps its price. Safe to repeat."""
    campaigns.commit(order_no=order_no, at=at)


def release(*, order_no: str, good_id: int, at: datetime) -> None:
    """Give back what an unpaid order holds, and give it to who waits. Safe to repeat."""
    units = campaigns.release(order_no=order_no, at=at)
    _came_back(good_id, units, at=at)


def restore(*, order_no: str, good_id: int, units: int, restocked: int, cause: str, at: datetime) -> None:
    """Give back units of a paid order, ``restocked`` of which go back on the shelf; once for each refund's number."""
    back = campaigns.restore(order_no=order_no, units=units, cause=cause, at=at)
    _came_back(good_id, min(back, restocked), at=at)


def _came_back(good_id: int, units: int, *, at: datetime) -> None:
    if units:
        # Stock is the last of what an order gives back: these units lie on the shelf when this transaction is over.
        waiting.give_turns(good_id=good_id, coming=units, at=at)
