"""Moves orders: who holds them, the one function that writes where they stand, for one as for many."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

from apps.base import replica, statements, transactions
from apps.base.clauses import Clause, Part
from apps.members.models import Member
from apps.orders import reductions, writing
from apps.orders.models import Order
from apps.orders.states import LIFECYCLE, Actor, Status
from apps.outbox import services as outbox
from mall.errors import NotFound
from mall.events import Event

_LOCK: Final = statements.Select(
    lambda order_no: Order.objects.select_for_update(no_key=True).filter(order_no=order_no).order_by(),
    order_no=str,
)
# Which column remembers when a move was made. "form" keeps the time of payment, "refund" has its own rows.
_TIMESTAMP_OF = {
    "pay": "paid_at",
    "gather": "paid_at",
    "reserve": "reserved_at",
    "settle": "paid_at",
    "ship": "shipped_at",
    "receive": "received_at",
    "close": "closed_at",
}
# The moves that come with an order's first money: what was taken off it is kept as rows then (``reductions``).
_WITH_FIRST_MONEY: Final = frozenset(
    name
    for name, move in LIFECYCLE.moves.items()
    if Status.UNPAID in move.sources and move.target != Status.CLOSED
)


def lock(*, order_no: str) -> Order:
    """The order, locked until the end of the transaction. Raises NotFound.

    Everything that decides by an order's status takes this lock before any other of the order's rows.
    """
    transactions.require()
    order = _LOCK.first(order_no=order_no)
    if order is None:
        raise NotFound
    return order


def lock_many(*, order_nos: Collection[str], only: Sequence[str] = ()) -> list[Order]:
    """These orders, locked in the order in which everybody locks several: one statement. What is not there is left out.

    ``only`` names the columns that are wanted, where it is not all: half of an order is JSON.
    """
    transactions.require()
    rows = Order.objects.select_for_update(no_key=True).filter(order_no__in=order_nos)
    return list((rows.only(*only) if only else rows).order_by("id"))


def lock_free(*, order_nos: Collection[str]) -> list[Order]:
    """Those of these orders that nobody has at hand, locked likewise: it waits for nobody, so that sweeps share the work."""
    transactions.require()
    rows = Order.objects.select_for_update(no_key=True, skip_locked=True).filter(order_no__in=order_nos)
    return list(rows.order_by("id"))


def move(
    *,
    order_no: str,
    move: str,
    actor: Actor,
    operator: Any = None,
    note: str = "",
    at: datetime,
    locked: Order | None = None,
    news: Event | None = None,
) -> Order:
    """Make a named move: lock the order, ask the lifecycle, write status and timestamp, append to the history.

    ``operator`` is the admin user where ``actor`` is OPERATOR. ``locked`` is the order where the caller has locked it in
    this transaction (``lock``). ``news`` are announced by the same statement. Raises NotFound, and MoveRefused where the
    order does not stand where the move begins.
    """
    transactions.require()
    order = locked or lock(order_no=order_no)
    move_many([order], move=move, actor=actor, operator=operator, note=note, news=news, at=at)
    return order


def move_many(
    orders: Sequence[Order],
    *,
    move: str,
    actor: Actor,
    operator: Any = None,
    note: str = "",
    news: Event | None = None,
    at: datetime,
) -> None:
    """Make the same move of all these orders, which the caller has locked: one statement, none for no orders.

    Raises MoveRefused, with nothing written, where one of them does not stand where the move begins. The only place that
    writes an order's status, with ``moving``, which does it of one order behind other clauses.
    """
    transactions.require()
    if not orders:
        return
    came_from = [order.status for order in orders]
    # A move leads to one status, wherever it starts.
    (target,) = {LIFECYCLE.target(move=move, current=status) for status in came_from}
    column = _TIMESTAMP_OF.get(move)
    writing.write_moves(
        orders,
        move=move,
        came_from=came_from,
        to_status=target,
        column=column,
        actor=actor.value,
        operator_id=operator.pk if operator else None,
        note=note,
        news=news,
        first_money=move in _WITH_FIRST_MONEY,
        at=at,
    )
    for order in orders:
        _stands(order, target, column, at=at)


def moving(order: Order, *, move: str, actor: Actor, news: Event, at: datetime) -> Clause:
    """The clause of such a move of an order that the caller has locked, with its news. Raises MoveRefused at once."""
    transactions.require()
    target = LIFECYCLE.target(move=move, current=order.status)
    column = _TIMESTAMP_OF.get(move)
    told = {
        "order_id": order.pk,
        "order_from": str(order.status),
        "order_by": actor.value,
        "at": at,
        **outbox.announcing(news, at=at),
    }

    def settle(moved: bool) -> bool:
        if moved:
            _stands(order, target, column, at=at)
        return moved

    keeps = move in _WITH_FIRST_MONEY and bool(order.applied)
    return Clause(_moving(move, str(target), column, keeps=keeps), told, settle)


def _stands(order: Order, target: str, column: str | None, *, at: datetime) -> None:
    """Have an order that was just moved say so."""
    order.status = Status(target)
    if column:
        setattr(order, column, at)
    replica.wrote_for(Member, order.member_id)


@cache
def _moving(move: str, target: str, column: str | None, *, keeps: bool) -> Part:
    """The part of ``moving``, of one of the lifecycle's moves; it ``keeps`` what was taken off as rows."""
    announced = outbox.ANNOUNCED % {name: f"{{{name}}}" for name in outbox.ANNOUNCING}
    kept = f", order_kept AS ({reductions.keeping('order_moved')})" if keeps else ""
    return Part(
        f"""
        order_moved AS (
            UPDATE orders_order SET status = '{target}'{f", {column} = {{at}}" if column else ""}
             WHERE id = {{order_id}} AND {{after}}
            RETURNING id
        ), order_noted AS (
            INSERT INTO orders_ordermove (order_id, move, from_status, to_status, actor, note, at)
            SELECT id, '{move}', {{order_from}}, '{target}', {{order_by}}, '', {{at}} FROM order_moved
        ), order_told AS (
            {announced} FROM order_moved
        ){kept}
        """,  # noqa: S608 -- words of our own
        done="EXISTS (SELECT FROM order_moved)",
        answers=("EXISTS (SELECT FROM order_moved)",),
        types={
            "order_id": "bigint",
            "order_from": "text",
            "order_by": "text",
            "at": "timestamptz",
            **outbox.ANNOUNCING,
        },
    )
