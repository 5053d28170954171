"""A process tells with its pulse how far its clock is from the database's."""

from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("base", "0003_append_only"),
    ]

    operations = [
        migrations.AddField(
            model_name="pulse",
            name="ahead_ms",
            field=models.IntegerField(db_default=0, default=0, verbose_name="时钟偏差（毫秒）"),
        ),
    ]
