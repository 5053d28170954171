"""Indexes of foreign keys go where another index begins with the same column."""

import django.db.models.deletion
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("catalog", "0010_freight_insurance"),
    ]

    operations = [
        migrations.AlterField(
            model_name="category",
            name="parent",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="children",
                to="catalog.category",
                verbose_name="上级类目",
            ),
        ),
        migrations.AlterField(
            model_name="sku",
            name="product",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="skus",
                to="catalog.product",
                verbose_name="商品",
            ),
        ),
    ]
