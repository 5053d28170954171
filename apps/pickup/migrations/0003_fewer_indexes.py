"""Indexes of foreign keys go where another index begins with the same column."""

import django.db.models.deletion
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("pickup", "0002_asked_back"),
        ("stores", "0002_what_shops_do"),
    ]

    operations = [
        migrations.AlterField(
            model_name="pickup",
            name="place",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="stores.place",
                verbose_name="门店",
            ),
        ),
    ]
