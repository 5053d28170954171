"""Each question gets the one index that answers it, built beside those that the next migration takes away."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False  # indexes are built while the shop sells

    dependencies = [("coupons", "0013_fewer_indexes")]

    operations = [
        AddIndexConcurrently(
            model_name="couponmove",
            index=models.Index(
                condition=models.Q(("operator__isnull", False)),
                fields=["operator"],
                name="coupon_move_by_operator",
            ),
        ),
    ]
