"""Find postage that was paid by hand by its time, for the books; the index grows without a lock on the table."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False
    dependencies = [("aftersales", "0006_carriage_paid_by_hand")]
    operations = [
        AddIndexConcurrently(
            model_name="aftersale",
            index=models.Index(
                condition=models.Q(("carriage_paid_at__isnull", False)),
                fields=["carriage_paid_at"],
                name="after_sale_carriage_paid_in",
            ),
        ),
    ]
