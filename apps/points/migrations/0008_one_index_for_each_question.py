"""Each question gets the one index that answers it, built beside those that the next migration takes away."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False  # indexes are built while the shop sells

    dependencies = [("points", "0007_what_was_paid_for_it")]

    operations = [
        AddIndexConcurrently(
            model_name="entry",
            index=models.Index(
                condition=models.Q(("operator__isnull", False)),
                fields=["operator"],
                name="points_entry_by_operator",
            ),
        ),
        migrating.AddUniqueConcurrently(
            model_name="settlement",
            constraint=models.UniqueConstraint(
                fields=("order_no",), name="points_settlement_once", opclasses=["varchar_pattern_ops"]
            ),
        ),
        migrating.AddUniqueConcurrently(
            model_name="spending",
            constraint=models.UniqueConstraint(
                fields=("order_no",), name="points_spending_once", opclasses=["varchar_pattern_ops"]
            ),
        ),
    ]
