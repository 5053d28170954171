"""Indexes of foreign keys go where another index begins with the same column."""

import django.db.models.deletion
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("presale", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="good",
            name="presale",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="goods",
                to="presale.presale",
                verbose_name="预售活动",
            ),
        ),
    ]
