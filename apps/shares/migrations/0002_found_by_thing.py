"""What came of a campaign asks for everybody's shares of its things."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False  # the index is built while the shop sells

    dependencies = [("shares", "0001_initial")]

    operations = [
        AddIndexConcurrently(
            model_name="share",
            index=models.Index(fields=["kind", "subject"], name="share_by_thing"),
        ),
    ]
