"""Indexes of foreign keys go where another index begins with the same column."""

import django.db.models.deletion
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("aftersales", "0003_insurance_payments"),
        ("members", "0015_fewer_indexes"),
        ("orders", "0024_fewer_indexes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="aftersale",
            name="member",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="after_sales",
                to="members.member",
                verbose_name="会员",
            ),
        ),
        migrations.AlterField(
            model_name="aftersale",
            name="order",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="after_sales",
                to="orders.order",
                verbose_name="订单",
            ),
        ),
        migrations.AlterField(
            model_name="aftersaleline",
            name="after_sale",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lines",
                to="aftersales.aftersale",
                verbose_name="售后申请",
            ),
        ),
    ]
