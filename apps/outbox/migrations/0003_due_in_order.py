"""Deliveries that fall due at the same moment are found in their order: no worker sorts hundreds to take the first."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import models

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False
    dependencies = [("outbox", "0002_uploads_of_bills")]

    operations = [
        AddIndexConcurrently(
            model_name="delivery",
            index=models.Index(
                models.F("due_at"),
                models.F("id"),
                condition=models.Q(("status", "WAITING")),
                name="delivery_due_first",
            ),
        ),
        RemoveIndexConcurrently(model_name="delivery", name="delivery_due"),
    ]
