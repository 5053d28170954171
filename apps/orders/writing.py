"""Writes a new order with its lines, its first move and news; each later move. One statement each.

That of a new order is told and not sent: it goes in one message with what holds its goods.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple

import orjson
from django.db import DEFAULT_DB_ALIAS, connection

from apps.base import planned
from apps.base.clauses import Clause, Part
from apps.orders import reductions
from apps.orders.models import Order, OrderLine
from apps.outbox import services as outbox
from mall.events import Event, OrderPlaced

# Orders of one member are written one after the other, so that what a later statement counts of their unpaid ones
# (``selectors.UNPAID_OF``) is all there is: who comes second waits here, before anything else is locked. Two numbers that
# meet in ``hashint8`` make strangers wait for each other, and nothing worse.
_ONE_BY_ONE: Final = (
    "(SELECT pg_advisory_xact_lock(hashtext('orders_order'), hashint8(%(member_id)s))) AS in_turn"
)
# A place that no unpaid order of the member has, 0 where all are taken. Who had to wait reads it as of before, and the
# unique constraint says so.
_FREE_PLACE: Final = """COALESCE((
            SELECT place FROM generate_series(1, %(most_unpaid)s) AS place
             WHERE NOT EXISTS (SELECT 1 FROM orders_order AS taken
                                WHERE taken.member_id = told.member_id
                                  AND taken.status = 'UNPAID' AND taken.unpaid_place = place)
             LIMIT 1), 0)"""
# Lines get their ids in the order in which they are told.
_WRITE: Final = """
    WITH placed AS (
        INSERT INTO orders_order ({columns}, unpaid_place)
        SELECT {values}, {place}
          FROM {in_turn}, jsonb_populate_record(NULL::orders_order, %(order)s) AS told
        RETURNING id, status, created_at
    ), lined AS (
        INSERT INTO orders_orderline (order_id, {line_columns})
        SELECT placed.id, {line_values}
          FROM placed, jsonb_populate_recordset(NULL::orders_orderline, %(lines)s) WITH ORDINALITY AS line
         ORDER BY line.ordinality
    ), announced AS (
        {announced}
    )
    INSERT INTO orders_ordermove (order_id, move, from_status, to_status, actor, note, at)
    SELECT id, 'place', '', status, 'member', '', created_at FROM placed
"""
# What the database called it, for whoever sends the next statement.
_KEYS: Final = Part(
    "order_written AS MATERIALIZED (SELECT id FROM orders_order WHERE order_no = {order_no})",
    done="true",
    answers=(
        "(SELECT id FROM order_written)",
        """(SELECT array_agg(id ORDER BY id) FROM orders_orderline
            WHERE order_id = (SELECT id FROM order_written))""",
    ),
    types={"order_no": "text"},
)

_MOVE: Final = """
    WITH moved AS (
        UPDATE orders_order SET status = %(to_status)s{stamp} WHERE id = ANY(%(order_ids)s) RETURNING id
    ){others}
    INSERT INTO orders_ordermove (order_id, move, from_status, to_status, actor, operator_id, note, at)
    SELECT told.order_id, %(move)s, told.from_status, %(to_status)s, %(actor)s, %(operator_id)s::bigint, %(note)s, %(at)s
      FROM unnest(%(order_ids)s, %(from_statuses)s::text[]) WITH ORDINALITY AS told (order_id, from_status, place)
     ORDER BY told.place
"""


class _Texts(NamedTuple):
    """The statement, and the columns of order and line that it is told."""

    text: str
    order: Sequence[str]
    line: Sequence[str]


class Writing(NamedTuple):
    """How a new order is written: the statement, and the clause of a later one by which order and lines get their keys."""

    statement: planned.Ahead
    keys: Clause


def writing(order: Order, lines: Sequence[OrderLine], *, most_unpaid: int) -> Writing:
    """The writing of a new order with its lines, first move and news.

    It takes a free one of its member's ``most_unpaid`` places. What the constraints say against it is
    the caller's to refine.
    """
    texts = _texts()
    said = order.__dict__
    news = OrderPlaced(order_no=order.order_no, member_id=order.member_id)
    told: dict[str, Any] = {
        "order": _json({name: said[name] for name in texts.order}),
        "lines": _json([{name: line.__dict__[name] for name in texts.line} for line in lines]),
        "member_id": order.member_id,
        "most_unpaid": most_unpaid,
        **outbox.announcing(news, at=order.created_at),
    }

    def settle(order_id: int, line_ids: Sequence[int]) -> bool:
        order.pk = order_id
        for line, key in zip(lines, line_ids, strict=True):
            line.pk, line.order_id = key, order_id
        for row in (order, *lines):
            row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
        return True

    return Writing(planned.ahead(texts.text, told), Clause(_KEYS, {"order_no": order.order_no}, settle))


def write_moves(
    orders: Sequence[Order],
    *,
    move: str,
    came_from: Sequence[str],
    to_status: str,
    column: str | None,
    actor: str,
    operator_id: int | None,
    note: str,
    news: Event | None,
    first_money: bool,
    at: datetime,
) -> None:
    """Write where locked orders move to, the ``column`` that remembers when, each one's line of history, and the news.

    With their ``first_money`` what was taken off is kept as rows.
    """
    told: dict[str, Any] = {
        "order_ids": [order.pk for order in orders],
        "move": move,
        "from_statuses": list(map(str, came_from)),
        "to_status": str(to_status),
        "actor": actor,
        "operator_id": operator_id,
        "note": note[:200],
        "at": at,
    }
    stamp = f", {column} = %(at)s" if column else ""
    others = f", kept AS ({reductions.keeping('moved')})" if first_money else ""
    if news is not None:
        told |= outbox.announcing(news, at=at)
        others += f", announced AS ({outbox.ANNOUNCED})"
    planned.rows(_MOVE.format(stamp=stamp, others=others), told)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


@cache
def _texts() -> _Texts:
    order = [field for field in Order._meta.concrete_fields if field.name not in {"id", "unpaid_place"}]
    line = [field for field in OrderLine._meta.concrete_fields if field.name not in {"id", "order"}]
    quote = connection.ops.quote_name
    columns, line_columns = ([quote(str(field.column)) for field in fields] for fields in (order, line))
    text = _WRITE.format(
        columns=", ".join(columns),
        values=", ".join(f"told.{name}" for name in columns),
        place=_FREE_PLACE,
        in_turn=_ONE_BY_ONE,
        line_columns=", ".join(line_columns),
        line_values=", ".join(f"line.{name}" for name in line_columns),
        announced=outbox.ANNOUNCED,
    )
    return _Texts(text, [field.attname for field in order], [field.attname for field in line])
