"""Uploads that WeChat refused are counted by an index of their own."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False  # indexes are built while the shop sells

    dependencies = [
        ("fulfillment", "0018_indexes_nobody_needs"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="shippingupload",
            index=models.Index(
                condition=models.Q(("status", "FAILED")), fields=["-id"], name="shipping_upload_failed"
            ),
        ),
    ]
