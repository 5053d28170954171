"""Each question gets the one index that answers it, built beside those that the next migration takes away."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False  # indexes are built while the shop sells

    dependencies = [("wallet", "0007_fewer_indexes")]

    operations = [
        AddIndexConcurrently(
            model_name="entry",
            index=models.Index(
                condition=models.Q(("operator__isnull", False)),
                fields=["operator"],
                name="wallet_entry_by_operator",
            ),
        ),
        migrating.AddUniqueConcurrently(
            model_name="spending",
            constraint=models.UniqueConstraint(
                fields=("order_no",), name="wallet_spending_once", opclasses=["varchar_pattern_ops"]
            ),
        ),
    ]
