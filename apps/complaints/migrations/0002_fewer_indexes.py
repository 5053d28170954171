"""Indexes of foreign keys go where another index begins with the same column."""

import django.db.models.deletion
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("complaints", "0001_complaints"),
    ]

    operations = [
        migrations.AlterField(
            model_name="complaintstep",
            name="complaint",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="steps",
                to="complaints.complaint",
                verbose_name="投诉",
            ),
        ),
    ]
