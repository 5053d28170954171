"""Let only committed units come back."""

from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("inventory", "0002_append_only"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(("restored", 0), ("status", "COMMITTED"), _connector="OR"),
                name="hold_restored_after_commit",
            ),
        ),
    ]
