"""Find what happened in a time for the double-entry books; the index grows without a lock on the table."""

from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False
    dependencies = [("points", "0004_money_has_permissions_of_its_own")]
    operations = [
        AddIndexConcurrently(
            model_name="entry",
            index=BrinIndex(fields=["at"], autosummarize=True, name="points_entry_in"),
        ),
    ]
