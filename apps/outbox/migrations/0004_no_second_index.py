"""Letters of an announcement are found by the constraint that begins with it; the index beside it was written for nothing."""

import django.db.models.deletion
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [("outbox", "0003_due_in_order")]

    operations = [
        migrations.AlterField(
            model_name="delivery",
            name="announcement",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="outbox.announcement",
                verbose_name="事件",
            ),
        ),
    ]
