"""Find what happened in a time for the double-entry books; the index grows without a lock on the table."""

from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False
    dependencies = [("payments", "0011_steps_of_refunds")]
    operations = [
        AddIndexConcurrently(
            model_name="payment",
            index=BrinIndex(fields=["captured_at"], autosummarize=True, name="payment_captured_in"),
        ),
        AddIndexConcurrently(
            model_name="refund",
            index=BrinIndex(fields=["settled_at"], autosummarize=True, name="refund_settled_in"),
        ),
    ]
