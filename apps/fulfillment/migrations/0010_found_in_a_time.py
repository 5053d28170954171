"""Find what happened in a time for the double-entry books; the index grows without a lock on the table."""

from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False
    dependencies = [("fulfillment", "0009_traces")]
    operations = [
        AddIndexConcurrently(
            model_name="parcel",
            index=BrinIndex(fields=["shipped_at"], autosummarize=True, name="parcel_shipped_in"),
        ),
    ]
