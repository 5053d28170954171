"""What is to leave, and what is to be handed over, is found and counted by indexes of its own."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False  # indexes are built while the shop sells

    dependencies = [
        ("orders", "0026_slots_and_packing"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="order",
            index=models.Index(
                condition=models.Q(
                    ("awaits_goods", False),
                    ("delivery__isnull", True),
                    ("status", "PAID"),
                    ("virtual", False),
                ),
                fields=["paid_at", "id"],
                name="order_to_send",
            ),
        ),
        AddIndexConcurrently(
            model_name="order",
            index=models.Index(
                condition=models.Q(("delivery__isnull", False), ("status", "PAID")),
                fields=["id"],
                name="order_to_hand_over",
            ),
        ),
    ]
