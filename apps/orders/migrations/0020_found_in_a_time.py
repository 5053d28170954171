"""Find what happened in a time for the double-entry books; the index grows without a lock on the table."""

from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False
    dependencies = [("orders", "0019_address_changes")]
    operations = [
        AddIndexConcurrently(
            model_name="order",
            index=BrinIndex(fields=["shipped_at", "closed_at"], autosummarize=True, name="order_left_in"),
        ),
    ]
