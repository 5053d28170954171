"""Operators find parcels by how their numbers begin and end, by index."""

import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False  # indexes are built while the shop sells

    dependencies = [
        ("fulfillment", "0007_freight_versioned"),
        ("orders", "0009_address_erased"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="parcel",
            index=models.Index(
                django.contrib.postgres.indexes.OpClass("tracking_no", name="varchar_pattern_ops"),
                name="parcel_by_tracking_no",
            ),
        ),
        AddIndexConcurrently(
            model_name="parcel",
            index=models.Index(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Reverse("tracking_no"), name="text_pattern_ops"
                ),
                name="parcel_by_tracking_end",
            ),
        ),
    ]
