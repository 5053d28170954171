"""Find what bills say went back of a payment; the index grows without a lock on the table."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False
    dependencies = [("books", "0008_remedies")]
    operations = [
        AddIndexConcurrently(
            model_name="billline",
            index=models.Index(
                fields=["paid_no"],
                condition=models.Q(("paid_no", ""), _negated=True),
                name="bill_line_of_payment",
            ),
        ),
    ]
