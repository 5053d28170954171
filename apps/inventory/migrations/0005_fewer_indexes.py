"""Indexes of foreign keys go where another index begins with the same column."""

import django.db.models.deletion
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("catalog", "0011_fewer_indexes"),
        ("inventory", "0004_returns"),
    ]

    operations = [
        migrations.AlterField(
            model_name="stock",
            name="sku",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="stocks",
                to="catalog.sku",
                verbose_name="SKU",
            ),
        ),
        migrations.AlterField(
            model_name="stockentry",
            name="stock",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="inventory.stock",
                verbose_name="库存",
            ),
        ),
    ]
