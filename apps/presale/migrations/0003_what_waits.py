"""Reports that WeChat refused are counted by an index of their own."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False  # indexes are built while the shop sells

    dependencies = [
        ("presale", "0002_fewer_indexes"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="report",
            index=models.Index(
                condition=models.Q(("status", "FAILED")), fields=["-id"], name="presale_report_failed"
            ),
        ),
    ]
