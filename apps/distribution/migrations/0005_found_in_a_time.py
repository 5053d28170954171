"""Find what happened in a time for the double-entry books; the index grows without a lock on the table."""

from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False
    dependencies = [("distribution", "0004_watermark")]
    operations = [
        AddIndexConcurrently(
            model_name="entry",
            index=BrinIndex(fields=["at"], autosummarize=True, name="promoter_entry_in"),
        ),
    ]
