"""What offers took off an order, as rows: made when its first money comes in, and for orders of before there were any.

The words of the day stay in the frozen JSON of order and line; the rows are for whoever adds up what was sold. What nobody
paid for has none, and placing an order none to write.
"""

from __future__ import annotations

from typing import Final

from django.db import connection

from mall.pricing import refs


def _parts(column: str) -> str:
    """SQL of what a column's frozen JSON lists, one ``part`` a row; nothing of what is no list."""
    return (
        f"jsonb_array_elements(CASE jsonb_typeof({column}) WHEN 'array' THEN {column} ELSE '[]' END) AS part"
    )


def _said(column: str) -> str:
    """SQL of refs and fen in a column's frozen JSON. What says neither is left out: no money goes unbooked for it."""
    return f"""(
               SELECT part->>'ref' AS ref, (part->>'amount_fen')::bigint AS fen
                 FROM {_parts(column)}
                WHERE part->>'ref' <> '' AND length(part->>'amount_fen') BETWEEN 1 AND 15
                  AND translate(part->>'amount_fen', '0123456789', '') = '')"""  # noqa: S608 - likewise


# What an offer took off in all and not off a line, it took off the freight.
_KEEPING: Final = f"""
    INSERT INTO orders_reduction (order_id, line_id, kind, key, amount_fen)
    SELECT kept.id, part.line_id, left({refs.sql_kind("part.ref")}, 20), left({refs.sql_key("part.ref")}, 40),
           SUM(part.fen)
      FROM {{orders}} AS kept
     CROSS JOIN LATERAL (
           SELECT NULL::bigint AS line_id, said.ref, said.fen
             FROM orders_order AS own CROSS JOIN LATERAL {_said("own.applied")} AS said
            WHERE own.id = kept.id
            UNION ALL
           SELECT placed.line_id, said.ref, placed.fen
             FROM orders_orderline AS line CROSS JOIN LATERAL {_said("line.reductions")} AS said
            CROSS JOIN LATERAL (VALUES (line.id, said.fen), (NULL, -said.fen)) AS placed (line_id, fen)
            WHERE line.order_id = kept.id) AS part
     GROUP BY 1, 2, 3, 4
    HAVING SUM(part.fen) > 0
     ORDER BY kept.id, part.line_id
        ON CONFLICT DO NOTHING
"""  # noqa: S608 - nothing of anybody's is in it
_SPAN: Final = """(SELECT id FROM orders_order
                   WHERE id BETWEEN %(first)s AND %(last)s AND (paid_at IS NOT NULL OR reserved_at IS NOT NULL))"""

# An order whose price names a kind that no other offer has is one of that kind of activity.
_FILL_ACTIVITY: Final = f"""
    UPDATE orders_order SET activity = jsonb_build_object(
               'kind', {refs.sql_kind("found.ref")},
               'id', CASE WHEN {refs.sql_key("found.ref")} ~ '^[0-9]{{1,18}}$'
                          THEN to_jsonb({refs.sql_key("found.ref")}::bigint)
                          ELSE to_jsonb({refs.sql_key("found.ref")}) END,
               'title', found.label)
      FROM (SELECT id, part->>'ref' AS ref, part->>'label' AS label
              FROM orders_order CROSS JOIN LATERAL {_parts("applied")}
             WHERE id BETWEEN %(first)s AND %(last)s AND activity IS NULL) found
     WHERE found.id = orders_order.id AND {refs.sql_key("found.ref")} <> ''
       AND NOT {refs.sql_kind("found.ref")} = ANY(%(others)s)
"""  # noqa: S608 - likewise


def keeping(orders: str) -> str:
    """SQL that writes the rows of orders from their frozen JSON; those that are there stay as they are.

    ``orders`` is what stands in a FROM, a relation or a query in brackets, and has their ``id``.
    """
    return _KEEPING.format(orders=orders)


def fill(*, first: int, last: int) -> int:
    """Write what is missing of the orders with these ids that money came in for; return how many rows.

    Those of before the rows get them, and all the activity that their price names. Two statements.
    """
    span = {"first": first, "last": last}
    with connection.cursor() as cursor:
        cursor.execute(_FILL_ACTIVITY, {**span, "others": sorted(refs.OWN_KINDS)})
        cursor.execute(keeping(_SPAN), span)
        return cursor.rowcount
