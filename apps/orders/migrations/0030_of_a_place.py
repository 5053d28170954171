"""Orders that are fetched at a shop, or brought from it, are found by an index of their own."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models
from django.db.models.fields.json import KeyTransform

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False  # indexes are built while the shop sells

    dependencies = [("orders", "0029_indexes_nobody_needs")]

    operations = [
        AddIndexConcurrently(
            model_name="order",
            index=models.Index(
                KeyTransform("place_id", "delivery"),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("delivery__isnull", False)),
                name="order_of_place",
            ),
        ),
    ]
