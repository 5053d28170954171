"""Writes a new order with its lines, what took them down and its first move, and each later move: one statement each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple

import orjson
from django.db import connection
from django.db.models import JSONField

from apps.base import planned
from apps.orders.models import Order, OrderLine
from apps.orders.reductions import Part
from apps.outbox import services as outbox
from mall.events import Event

# The lowest place that no unpaid order of the member has, 0 where all are taken: read by the INSERT itself. Of two at
# once that read the same the unique constraint lets one pass: no lock on the member, no statement more.
_FIRST_FREE_PLACE: Final = """COALESCE((
            SELECT MIN(place) FROM generate_series(1, %(most_unpaid)s) AS place
             WHERE NOT EXISTS (SELECT 1 FROM orders_order AS taken
                                WHERE taken.member_id = %(member_id)s
                                  AND taken.status = 'UNPAID' AND taken.unpaid_place = place)), 0)"""
# Lines get their ids in the order in which they are told. A part names its line by the SKU: one is bought once only.
_WRITE: Final = """
    WITH placed AS (
        INSERT INTO orders_order ({columns}) VALUES ({values}) RETURNING id
    ), lined AS (
        INSERT INTO orders_orderline (order_id, {line_columns})
        SELECT placed.id, {line_values}
          FROM placed, jsonb_populate_recordset(NULL::orders_orderline, %(lines)s) WITH ORDINALITY AS line
         ORDER BY line.ordinality
        RETURNING id, sku_id, is_gift
    ), taken_off AS (
        INSERT INTO orders_reduction (order_id, line_id, kind, key, amount_fen)
        SELECT placed.id, lined.id, part.kind, part.key, part.amount_fen
          FROM placed, jsonb_to_recordset(%(parts)s)
                       AS part (number int, sku_id bigint, kind text, key text, amount_fen bigint)
          LEFT JOIN lined ON lined.sku_id = part.sku_id AND NOT lined.is_gift
         ORDER BY part.number
    ), moved AS (
        INSERT INTO orders_ordermove (order_id, move, from_status, to_status, actor, note, at)
        SELECT id, %(move)s, '', %(status)s, %(actor)s, '', %(at)s FROM placed
    )
    SELECT placed.id, (SELECT array_agg(id ORDER BY id) FROM lined) FROM placed
"""

_MOVE: Final = """
    WITH moved AS (UPDATE orders_order SET status = %(to_status)s{stamp} WHERE id = ANY(%(order_ids)s)){announced}
    INSERT INTO orders_ordermove (order_id, move, from_status, to_status, actor, operator_id, note, at)
    SELECT told.order_id, %(move)s, told.from_status, %(to_status)s, %(actor)s, %(operator_id)s::bigint, %(note)s, %(at)s
      FROM unnest(%(order_ids)s, %(from_statuses)s::text[]) WITH ORDINALITY AS told (order_id, from_status, place)
     ORDER BY told.place
"""


class _Texts(NamedTuple):
    """The statement, and the columns of order (plain ones, and those of JSON) and line that it names values for."""

    text: str
    plain: Sequence[str]
    json: Sequence[str]
    line: Sequence[str]


def write(
    order: Order,
    lines: Sequence[OrderLine],
    parts: Sequence[Part],
    *,
    most_unpaid: int,
    move: str,
    actor: str,
    at: datetime,
) -> None:
    """Write a new order of plain values with its lines, reductions and first move; the keys of order and lines are set.

    It takes the first of its member's ``most_unpaid`` places that is free. What the constraints say against it is
    the caller's to refine.
    """
    texts = _texts()
    said = order.__dict__
    told: dict[str, Any] = {name: said[name] for name in texts.plain}
    told |= {name: _json(said[name]) for name in texts.json}
    told |= {
        "lines": _json([{name: line.__dict__[name] for name in texts.line} for line in lines]),
        "parts": _json([{"number": number, **part._asdict()} for number, part in enumerate(parts)]),
        "most_unpaid": most_unpaid,
        "move": move,
        "actor": actor,
        "at": at,
    }
    order.pk, keys = planned.row(texts.text, told)
    for line, key in zip(lines, keys, strict=True):
        line.pk, line.order_id = key, order.pk
    for row in (order, *lines):
        row._state.adding, row._state.db = False, connection.alias


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
    at: datetime,
) -> None:
    """Write where locked orders move to, the ``column`` that remembers when, each one's line of history, and the news."""
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
    announced = ""
    if news is not None:
        told |= outbox.announcing(news, at=at)
        announced = f", announced AS ({outbox.ANNOUNCED})"
    planned.rows(_MOVE.format(stamp=stamp, announced=announced), told)


def _json(value: Any) -> str | None:
    """A value for a column of JSON; NULL for none, as Django has it."""
    return None if value is None else orjson.dumps(value).decode()


@cache
def _texts() -> _Texts:
    order = [field for field in Order._meta.concrete_fields if field.name not in {"id", "unpaid_place"}]
    line = [field for field in OrderLine._meta.concrete_fields if field.name not in {"id", "order"}]
    quote = connection.ops.quote_name
    names = [quote(str(field.column)) for field in line]
    text = _WRITE.format(
        columns=", ".join([*(quote(str(field.column)) for field in order), "unpaid_place"]),
        values=", ".join([*(f"%({field.attname})s" for field in order), _FIRST_FREE_PLACE]),
        line_columns=", ".join(names),
        line_values=", ".join(f"line.{name}" for name in names),
    )
    return _Texts(
        text=text,
        plain=[field.attname for field in order if not isinstance(field, JSONField)],
        json=[field.attname for field in order if isinstance(field, JSONField)],
        line=[field.attname for field in line],
    )
