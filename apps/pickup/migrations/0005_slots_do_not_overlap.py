"""Slots of one shop and use do not overlap; of those that did, the ones that were made later are switched off."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
from django.db import migrations, models

from apps.base import migrating

# From Monday's first second on. Written once for the constraint: what it reads of a row never changes by itself.
WEEK = """
CREATE FUNCTION slot_week(weekdays jsonb, starts_at time, ends_at time) RETURNS int4multirange
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(range_agg(int4range(
           (day::int - 1) * 86400 + extract(epoch FROM starts_at)::int,
           (day::int - 1) * 86400 + extract(epoch FROM ends_at)::int)), '{}'::int4multirange)
    FROM jsonb_array_elements_text(weekdays) AS day
$$
"""


def switch_off(apps, schema_editor):
    """Leave on what was made first, as shoppers have known it."""
    template = apps.get_model("pickup", "SlotTemplate")
    on = []
    for row in template.objects.filter(active=True).order_by("id"):
        over = any(
            (one.place_id, one.kind) == (row.place_id, row.kind)
            and set(one.weekdays) & set(row.weekdays)
            and one.starts_at < row.ends_at
            and row.starts_at < one.ends_at
            for one in on
        )
        if over:
            template.objects.filter(pk=row.pk).update(active=False)
        else:
            on.append(row)


class Migration(migrating.Migration):
    dependencies = [
        ("base", "0001_extensions"),
        ("pickup", "0004_slots"),
    ]

    operations = [
        migrations.RunPython(switch_off, migrations.RunPython.noop),
        migrations.RunSQL(sql=WEEK, reverse_sql="DROP FUNCTION slot_week(jsonb, time, time)"),
        migrations.AddConstraint(
            model_name="slottemplate",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("active", True)),
                expressions=[
                    ("place", "="),
                    ("kind", "="),
                    (models.Func("weekdays", "starts_at", "ends_at", function="slot_week"), "&&"),
                ],
                name="slot_one_at_a_time",
                violation_error_message="该门店同一用途的启用时段不能重叠",
            ),
        ),
    ]
