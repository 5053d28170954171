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
from apps.orders import reductions

_BATCH = 5_000


def fill(apps: Any, schema_editor: Any) -> None:
    ids = apps.get_model("orders", "Order").objects.aggregate(first=Min("id"), last=Max("id"))
    if ids["first"] is not None:
        for first in range(ids["first"], ids["last"] + 1, _BATCH):
            reductions.fill(first=first, last=first + _BATCH - 1)


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
