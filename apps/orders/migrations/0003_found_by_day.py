"""Operators look orders up by the day they were placed and paid; both are found without reading all of them."""

from __future__ import annotations

from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("members", "0002_append_only"),
        ("orders", "0002_append_only"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["created_at"], name="order_created_since"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("paid_at__isnull", False)), fields=["paid_at"], name="order_paid_since"
            ),
        ),
    ]
