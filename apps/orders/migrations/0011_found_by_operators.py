"""Operators find orders by how a number ends and by phone, by index."""

import django.contrib.postgres.indexes
import django.db.models.fields.json
import django.db.models.functions.text
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False  # indexes are built while the shop sells

    dependencies = [
        ("members", "0009_found_and_refreshed_twice"),
        ("orders", "0010_unpaid_places_and_carts"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="order",
            index=models.Index(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Reverse("order_no"), name="text_pattern_ops"
                ),
                name="order_no_by_end",
            ),
        ),
        AddIndexConcurrently(
            model_name="order",
            index=models.Index(
                django.db.models.fields.json.KeyTextTransform("phone", "address"), name="order_by_phone"
            ),
        ),
        AddIndexConcurrently(
            model_name="order",
            index=models.Index(
                django.db.models.functions.text.Right(
                    django.db.models.fields.json.KeyTextTransform("phone", "address"), 4
                ),
                name="order_by_phone_tail",
            ),
        ),
    ]
