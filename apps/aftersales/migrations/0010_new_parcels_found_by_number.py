"""Find new parcels by their numbers, before another parcel leaves; the index grows without a lock on the table."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False
    dependencies = [("aftersales", "0009_steps_without_parcel_numbers")]
    operations = [
        AddIndexConcurrently(
            model_name="aftersale",
            index=models.Index(
                condition=models.Q(("new_tracking_no", ""), _negated=True),
                fields=["new_tracking_no"],
                name="after_sale_by_new_parcel",
            ),
        ),
    ]
