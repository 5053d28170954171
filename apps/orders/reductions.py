"""What offers took off an order, as rows: made when it is placed, and for orders that were placed before there were any.

The words of the day stay in the frozen JSON of order and line; the rows are for whoever adds up.
"""

from __future__ import annotations

from collections import Counter
from typing import Final, NamedTuple

from django.db import connection

from mall.pricing import refs
from mall.pricing.quote import Quote

_FILL: Final = f"""
    WITH said AS (
        SELECT line.order_id, line.id AS line_id, part->>'ref' AS ref, (part->>'amount_fen')::bigint AS fen
          FROM orders_orderline line CROSS JOIN LATERAL jsonb_array_elements(line.reductions) part
         WHERE line.order_id BETWEEN %(first)s AND %(last)s
    ), applied AS (
        SELECT orders_order.id AS order_id, part->>'ref' AS ref, (part->>'amount_fen')::bigint AS fen
          FROM orders_order CROSS JOIN LATERAL jsonb_array_elements(orders_order.applied) part
         WHERE orders_order.id BETWEEN %(first)s AND %(last)s
    ), parts AS (
        SELECT order_id, line_id, ref, fen FROM said
         UNION ALL
        SELECT order_id, NULL, ref, fen FROM applied
         UNION ALL
        SELECT order_id, NULL, ref, -fen FROM said
    )
    INSERT INTO orders_reduction (order_id, line_id, kind, key, amount_fen)
    SELECT order_id, line_id, left({refs.sql_kind("ref")}, 20),
           left({refs.sql_key("ref")}, 40), SUM(fen)
      FROM parts
     GROUP BY 1, 2, 3, 4
    HAVING SUM(fen) > 0
     ORDER BY order_id, line_id
        ON CONFLICT DO NOTHING
"""  # noqa: S608 - nothing of anybody's is in it

# An order whose price names a kind that no other offer has is one of that kind of activity.
_FILL_ACTIVITY: Final = f"""
    UPDATE orders_order SET activity = jsonb_build_object(
               'kind', {refs.sql_kind("found.ref")},
               'id', CASE WHEN {refs.sql_key("found.ref")} ~ '^[0-9]{{1,18}}$'
                          THEN to_jsonb({refs.sql_key("found.ref")}::bigint)
                          ELSE to_jsonb({refs.sql_key("found.ref")}) END,
               'title', found.label)
      FROM (SELECT id, part->>'ref' AS ref, part->>'label' AS label
              FROM orders_order CROSS JOIN LATERAL jsonb_array_elements(applied) part
             WHERE id BETWEEN %(first)s AND %(last)s AND activity IS NULL) found
     WHERE found.id = orders_order.id AND {refs.sql_key("found.ref")} <> ''
       AND NOT {refs.sql_kind("found.ref")} = ANY(%(others)s)
"""  # noqa: S608 - likewise


class Part(NamedTuple):
    """What an offer took off the line of a SKU that is bought, or off the freight (without a SKU)."""

    sku_id: int | None
    kind: str
    key: str
    amount_fen: int


def parts_of(quote: Quote) -> list[Part]:
    """What became cheaper in an order that is being placed, by line and offer.

    What an offer took off in all and not off a line, it took off the freight. Raises ValueError for a ref that
    nobody could read.
    """
    on_lines: Counter[str] = Counter()
    parts: Counter[tuple[int | None, str, str]] = Counter()
    for item in quote.items:
        for reduction in item.reductions:
            on_lines[reduction.ref] += reduction.amount_fen
            parts[item.sku_id, *_named(reduction.ref)] += reduction.amount_fen
    for reduction in quote.applied:
        if freight_fen := reduction.amount_fen - on_lines[reduction.ref]:
            parts[None, *_named(reduction.ref)] += freight_fen
    return [Part(*named, amount_fen) for named, amount_fen in parts.items()]


def fill(*, first: int, last: int) -> int:
    """Write what is missing of the orders with these ids, from their frozen JSON; return how many rows.

    Orders of before the rows get them, and the activity that their price names. Two statements.
    """
    span = {"first": first, "last": last}
    with connection.cursor() as cursor:
        cursor.execute(_FILL_ACTIVITY, {**span, "others": sorted(refs.OWN_KINDS)})
        cursor.execute(_FILL, span)
        return cursor.rowcount


def _named(ref: str) -> tuple[str, str]:
    named = refs.read(ref)
    if named is None:
        raise ValueError(f"an order cannot keep what {ref!r} took off")
    return named.kind, named.key
