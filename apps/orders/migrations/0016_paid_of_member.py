"""Find what members paid for without a look at the rows, and without a lock on the table while the index grows."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models
from django.db.models import Q

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False
    dependencies = [("orders", "0015_awaits_goods")]
    operations = [
        AddIndexConcurrently(
            model_name="order",
            index=models.Index(
                fields=["member", "paid_at"],
                include=["status", "payable_fen", "refunded_fen"],
                condition=Q(paid_at__isnull=False),
                name="order_paid_of_member",
            ),
        ),
    ]
