"""A withdrawal knows by a digest whose name it was asked for with, so that a repeated request is told from another."""

from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("distribution", "0006_fewer_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="withdrawal",
            name="name_digest",
            field=models.CharField(
                blank=True, db_default="", editable=False, max_length=32, verbose_name="姓名摘要"
            ),
        ),
    ]
