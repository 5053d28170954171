"""Orders that were placed before there were rows of what was taken off get theirs, a few thousand at a time.

Not one transaction: each batch is, and placing goes on meanwhile. Safe to run again where it was cut off.
"""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models
from django.db.models import Max, Min, Q
from django.db.models.fields.json import KeyTextTransform

from apps.base import migrating

_BATCH = 5_000

# As the shop named things when this was written (kind, colon, key, what is behind a key after @): a migration does what
# it did, whatever the code says later.
_FILL = """
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
    SELECT order_id, line_id, left(split_part(ref, ':', 1), 20),
           left(split_part(split_part(ref, ':', 2), '@', 1), 40), SUM(fen)
      FROM parts
     GROUP BY 1, 2, 3, 4
    HAVING SUM(fen) > 0
     ORDER BY order_id, line_id
        ON CONFLICT DO NOTHING
"""

# An order whose price names a kind that no other offer has is one of that kind of activity.
_FILL_ACTIVITY = """
    UPDATE orders_order SET activity = jsonb_build_object(
               'kind', split_part(found.ref, ':', 1),
               'id', CASE WHEN split_part(found.ref, ':', 2) ~ '^[0-9]{1,18}$'
                          THEN to_jsonb(split_part(found.ref, ':', 2)::bigint)
                          ELSE to_jsonb(split_part(found.ref, ':', 2)) END,
               'title', found.label)
      FROM (SELECT id, part->>'ref' AS ref, part->>'label' AS label
              FROM orders_order CROSS JOIN LATERAL jsonb_array_elements(applied) part
             WHERE id BETWEEN %(first)s AND %(last)s AND activity IS NULL) found
     WHERE found.id = orders_order.id AND found.ref LIKE '%%:%%'
       AND NOT split_part(found.ref, ':', 1) = ANY('{coupon,level,points,promotion}')
"""


def fill(apps: Any, schema_editor: Any) -> None:
    ids = apps.get_model("orders", "Order").objects.aggregate(first=Min("id"), last=Max("id"))
    if ids["first"] is not None:
        for first in range(ids["first"], ids["last"] + 1, _BATCH):
            span = {"first": first, "last": first + _BATCH - 1}
            with schema_editor.connection.cursor() as cursor:
                cursor.execute(_FILL_ACTIVITY, span)
                cursor.execute(_FILL, span)


class Migration(migrating.Migration):
    atomic = False

    dependencies = [("orders", "0007_reductions_activity_and_deposits")]

    operations = [
        ValidateConstraint(model_name="order", name="order_paid_at_exactly_when_paid"),
        ValidateConstraint(model_name="order", name="order_reserved_at_when_reserved"),
        migrations.RunPython(fill, migrations.RunPython.noop),
        AddIndexConcurrently(
            model_name="order",
            index=models.Index(
                KeyTextTransform("kind", "activity"),
                KeyTextTransform("id", "activity"),
                "id",
                condition=Q(activity__isnull=False),
                name="order_of_activity",
            ),
        ),
    ]
