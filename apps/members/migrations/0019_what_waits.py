"""What may not be asked again is found by an index of what is still sealed."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False  # indexes are built while the shop sells

    dependencies = [
        ("members", "0018_indexes_nobody_needs"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="spentrefresh",
            index=models.Index(
                condition=models.Q(("sealed", ""), _negated=True),
                fields=["spent_at"],
                name="spent_refresh_sealed",
            ),
        ),
    ]
