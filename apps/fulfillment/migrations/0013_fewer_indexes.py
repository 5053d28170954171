"""Indexes of foreign keys go where another index begins with the same column."""

import django.db.models.deletion
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("fulfillment", "0012_electronic_waybills"),
        ("orders", "0024_fewer_indexes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="parcel",
            name="order",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="parcels",
                to="orders.order",
                verbose_name="订单",
            ),
        ),
        migrations.AlterField(
            model_name="parcelline",
            name="parcel",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lines",
                to="fulfillment.parcel",
                verbose_name="包裹",
            ),
        ),
        migrations.AlterField(
            model_name="waybillaccount",
            name="carrier",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="fulfillment.carrier",
                verbose_name="快递公司",
            ),
        ),
    ]
