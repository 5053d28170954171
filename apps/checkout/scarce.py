"""Everything scarce that an order takes: held, committed, released, and restored whole or in part, in one order.

Rows that few orders share come before those that many share, so that a lock that others wait for is held shortest; and
since everybody keeps to this order, after the order's own row, orders queue and never wait for each other in a circle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import takewhile

from apps.base import clauses, transactions
from apps.base.clauses import Clause
from apps.base.planned import Ahead
from apps.checkout import group_seats, holders, slot_seats, virtual
from apps.checkout.flash_quota import FlashQuota
from apps.checkout.holders import Holder, Part, Restored
from apps.orders.models import Order
from mall.errors import ShopError
from mall.pricing.quote import Quote

# The board: what a new scarce thing adds itself to, at its place.
HOLDERS: tuple[Holder, ...] = (
    holders.Promotions(),
    holders.Coupons(),
    holders.Points(),
    holders.Balance(),
    group_seats.GroupSeats(),
    holders.Bargains(),
    holders.ReferralPrizes(),
    holders.Presales(),
    FlashQuota(),
    slot_seats.SlotSeats(),
    holders.PickupCodes(),
    holders.Stock(),
    # After the stock: its rows are the lock under which cards are given out and taken out.
    virtual.CardKeys(),
)


def hold(
    *,
    order: Order,
    quote: Quote,
    demand: Mapping[int, int],
    ahead: Ahead | None = None,
    behind: Sequence[Clause] = (),
    at: datetime,
) -> None:
    """Take what the order was priced with, all or nothing; ``demand`` is units by SKU id, gifts included.

    What neighbours hold by clauses is one statement in the usual case. ``ahead`` is run before the first one, in the same
    message; ``behind`` as in ``commit``.
    Raises what the rooms refuse: LimitReached, CouponUnavailable, NotFound, NotEnoughPoints, RedeemedOut,
    PointsConflict, BalanceShort, SlotFull, OutOfStock, and what activities do. The transaction must then be rolled back.
    """
    transactions.require()
    _together(
        list(_concerned(order)),
        lambda holder: holder.clause(order=order, quote=quote, demand=demand, at=at),
        lambda holder: holder.hold(order=order, quote=quote, demand=demand, at=at),
        ahead=ahead,
        behind=behind,
    )


def commit(*, order: Order, behind: Sequence[Clause] = (), at: datetime) -> None:
    """Use up what the order holds: it is paid. The caller has locked the order.

    ``behind`` these clauses of the caller's, which always do their work, or raise: the first statement begins with them.
    """
    transactions.require()
    _together(
        list(_concerned(order)),
        lambda holder: holder.commit_clause(order=order, at=at),
        lambda holder: holder.commit(order=order, at=at),
        behind=behind,
    )


def release(*, order: Order, at: datetime) -> None:
    """Give back what an unpaid order holds. The caller has locked the order."""
    transactions.require()
    for holder in _concerned(order):
        holder.release(order=order, at=at)


def gives_back_together(order: Order) -> bool:
    """Whether what an unpaid order holds can be given back with that of others: that of an activity goes by itself."""
    return order.activity is None and all(holder.gives_back_together for holder in _concerned(order))


def release_many(*, orders: Sequence[Order], at: datetime) -> None:
    """Give back what unpaid orders hold that ``gives_back_together``, one holder after the other. They are locked."""
    transactions.require()
    for holder in HOLDERS:
        if concerned := [order for order in orders if holder.concerns(order)]:
            holder.release_many(orders=concerned, at=at)


def restore(*, order: Order, part: Part, at: datetime) -> Restored:
    """Give back what a refund's part of a paid order used, and take back what came with it.

    The caller has locked the order, and asks once for each refund number.
    """
    transactions.require()
    restored = Restored()
    for holder in HOLDERS:
        if holder.concerns(order) or holder.came_with(order):
            holder.restore(order=order, part=part, restored=restored, at=at)
    return restored


def taken_meanwhile() -> tuple[type[ShopError], ...]:
    """Every refusal of ``hold`` that means: free when the choice was priced, taken by somebody else since."""
    return tuple(refusal for holder in HOLDERS for refusal in holder.taken_meanwhile)


def _together(
    waiting: list[Holder],
    clause_of: Callable[[Holder], Clause | None],
    alone: Callable[[Holder], None],
    *,
    ahead: Ahead | None = None,
    behind: Sequence[Clause],
) -> None:
    """Have each holder do its work, in their order: neighbours that give a clause in one statement, others ``alone``."""
    while waiting or behind:
        told = [clause for clause in takewhile(bool, map(clause_of, waiting)) if clause]
        if told or behind:
            done = clauses.run([*behind, *told], ahead=ahead)
            del waiting[: done - len(behind)]
            ahead, behind = None, ()
        else:
            alone(waiting.pop(0))


def _concerned(order: Order) -> Iterator[Holder]:
    return (holder for holder in HOLDERS if holder.concerns(order))
