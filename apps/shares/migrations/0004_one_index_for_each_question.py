"""Each question gets the one index that answers it, built beside those that the next migration takes away."""

from django.db import models

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False  # indexes are built while the shop sells

    dependencies = [("shares", "0003_fewer_indexes")]

    operations = [
        migrating.AddUniqueConcurrently(
            model_name="shareorder",
            constraint=models.UniqueConstraint(
                fields=("order_no",), name="share_order_once", opclasses=["varchar_pattern_ops"]
            ),
        ),
    ]
