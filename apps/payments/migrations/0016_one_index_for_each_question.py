"""Each question gets the one index that answers it, built beside those that the next migration takes away."""

from django.db import models

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False  # indexes are built while the shop sells

    dependencies = [("payments", "0015_strays")]

    operations = [
        migrating.AddUniqueConcurrently(
            model_name="notification",
            constraint=models.UniqueConstraint(
                fields=("notify_id",), name="notification_once", opclasses=["varchar_pattern_ops"]
            ),
        ),
        migrating.AddUniqueConcurrently(
            model_name="payment",
            constraint=models.UniqueConstraint(
                fields=("payment_no",), name="payment_no_once", opclasses=["varchar_pattern_ops"]
            ),
        ),
        migrating.AddUniqueConcurrently(
            model_name="payment",
            constraint=models.UniqueConstraint(
                fields=("transaction_id",), name="payment_transaction_once", opclasses=["varchar_pattern_ops"]
            ),
        ),
        migrating.AddUniqueConcurrently(
            model_name="refund",
            constraint=models.UniqueConstraint(
                fields=("refund_no",), name="refund_no_once", opclasses=["varchar_pattern_ops"]
            ),
        ),
    ]
