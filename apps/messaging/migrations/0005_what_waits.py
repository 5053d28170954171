"""Messages that could not be read are counted by an index of their own, living cards found by WeChat's number."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False  # indexes are built while the shop sells

    dependencies = [
        ("messaging", "0004_words_versioned"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                condition=models.Q(("status", "FAILED")), fields=["-id"], name="message_broken"
            ),
        ),
        AddIndexConcurrently(
            model_name="card",
            index=models.Index(
                condition=models.Q(("status__in", ["BEGINNING", "LIVE"])),
                fields=["transaction_id"],
                name="message_card_living",
            ),
        ),
    ]
