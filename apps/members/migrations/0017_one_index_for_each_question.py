"""Each question gets the one index that answers it, built beside those that the next migration takes away."""

from django.db import models

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False  # indexes are built while the shop sells

    dependencies = [("members", "0016_words_versioned")]

    operations = [
        migrating.AddUniqueConcurrently(
            model_name="session",
            constraint=models.UniqueConstraint(
                fields=("access_hash",), name="session_access_once", opclasses=["varchar_pattern_ops"]
            ),
        ),
        migrating.AddUniqueConcurrently(
            model_name="session",
            constraint=models.UniqueConstraint(
                fields=("refresh_hash",), name="session_refresh_once", opclasses=["varchar_pattern_ops"]
            ),
        ),
        migrating.AddUniqueConcurrently(
            model_name="spentrefresh",
            constraint=models.UniqueConstraint(
                fields=("refresh_hash",), name="refresh_spent_once", opclasses=["varchar_pattern_ops"]
            ),
        ),
    ]
