"""Find the coupons of a promoter's word: a small index on a big table, built beside those who use it."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False

    dependencies = [
        ("coupons", "0003_groups"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="coupon",
            index=models.Index(
                condition=models.Q(("promo__isnull", False)), fields=["promo"], name="coupon_of_promo"
            ),
        ),
    ]
