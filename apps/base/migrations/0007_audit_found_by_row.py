"""Find the audit entries of a row and of a page, without a lock on the table while the indexes grow."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False
    dependencies = [("base", "0006_audit_of_rows")]
    operations = [
        AddIndexConcurrently(
            model_name="auditentry",
            index=models.Index(fields=["kind", "key", "id"], name="audit_of_a_row"),
        ),
        AddIndexConcurrently(
            model_name="auditentry",
            index=models.Index(fields=["once"], condition=~models.Q(once=""), name="audit_of_a_page"),
        ),
    ]
