"""Indexes of foreign keys go where another index begins with the same column."""

import django.db.models.deletion
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("content", "0003_pictures"),
        ("members", "0015_fewer_indexes"),
        ("orders", "0024_fewer_indexes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="picture",
            name="review",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="pictures",
                to="content.review",
                verbose_name="评价",
            ),
        ),
        migrations.AlterField(
            model_name="review",
            name="line",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="orders.orderline",
                verbose_name="订单商品",
            ),
        ),
        migrations.AlterField(
            model_name="review",
            name="member",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reviews",
                to="members.member",
                verbose_name="会员",
            ),
        ),
    ]
