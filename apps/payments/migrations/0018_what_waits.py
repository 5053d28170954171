"""Refunds that stand still, and news of refunds, are found by indexes of their own."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models
from django.db.models.fields.json import KeyTextTransform

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False  # indexes are built while the shop sells

    dependencies = [
        ("payments", "0017_indexes_nobody_needs"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="notification",
            index=models.Index(
                KeyTextTransform("out_refund_no", "resource"),
                condition=models.Q(("event_type__startswith", "REFUND.")),
                name="notification_of_refund",
            ),
        ),
        AddIndexConcurrently(
            model_name="refund",
            index=models.Index(
                condition=models.Q(("status__in", ("REQUESTED", "AT_SHOP", "CLOSED", "FAILED"))),
                fields=["status", "-id"],
                name="refund_not_going",
            ),
        ),
    ]
