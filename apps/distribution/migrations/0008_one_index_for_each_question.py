"""Each question gets the one index that answers it, built beside those that the next migration takes away."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False  # indexes are built while the shop sells

    dependencies = [("distribution", "0007_whose_name")]

    operations = [
        AddIndexConcurrently(
            model_name="commission",
            index=models.Index(fields=["order_no"], name="commission_of_order"),
        ),
        migrating.AddUniqueConcurrently(
            model_name="commission",
            constraint=models.UniqueConstraint(
                fields=("business_key",), name="commission_once_per_cause", opclasses=["varchar_pattern_ops"]
            ),
        ),
    ]
