"""Deliveries that nobody tries any more are counted by an index of their own."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False  # indexes are built while the shop sells

    dependencies = [
        ("outbox", "0004_fewer_indexes"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="delivery",
            index=models.Index(condition=models.Q(("status", "DEAD")), fields=["-id"], name="delivery_dead"),
        ),
    ]
