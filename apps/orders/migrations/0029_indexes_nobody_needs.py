"""Indexes go that another one answers for: every row that is written paid for each."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("orders", "0028_one_index_for_each_question"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="order",
            name="order_of_member",
        ),
        migrations.RemoveIndex(
            model_name="order",
            name="order_of_member_by_status",
        ),
        migrations.RemoveIndex(
            model_name="order",
            name="order_by_phone",
        ),
        migrations.RemoveIndex(
            model_name="order",
            name="order_by_phone_tail",
        ),
        migrations.AlterField(
            model_name="order",
            name="order_no",
            field=models.CharField(max_length=32, verbose_name="订单号"),
        ),
        migrations.AlterField(
            model_name="ordermove",
            name="operator",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to=settings.AUTH_USER_MODEL,
                verbose_name="操作人",
            ),
        ),
        migrations.AlterField(
            model_name="orderrefund",
            name="refund_no",
            field=models.CharField(max_length=32, verbose_name="售后退款单号"),
        ),
    ]
