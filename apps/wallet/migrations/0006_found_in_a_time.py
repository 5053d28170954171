"""Find what happened in a time for the double-entry books; the index grows without a lock on the table."""

from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False
    dependencies = [("wallet", "0005_what_the_console_gave_back")]
    operations = [
        AddIndexConcurrently(
            model_name="entry",
            index=BrinIndex(fields=["at"], autosummarize=True, name="wallet_entry_in"),
        ),
    ]
