"""Each question gets the one index that answers it, built beside those that the next migration takes away."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False  # indexes are built while the shop sells

    dependencies = [("fulfillment", "0016_why_an_address_changed_is_said_once")]

    operations = [
        AddIndexConcurrently(
            model_name="parcel",
            index=models.Index(
                condition=models.Q(("operator__isnull", False)),
                fields=["operator"],
                name="parcel_by_operator",
            ),
        ),
        migrating.AddUniqueConcurrently(
            model_name="parcel",
            constraint=models.UniqueConstraint(
                fields=("parcel_no",), name="parcel_no_once", opclasses=["varchar_pattern_ops"]
            ),
        ),
    ]
