"""Indexes of foreign keys go where another index begins with the same column."""

import django.db.models.deletion
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("catalog", "0011_fewer_indexes"),
        ("distribution", "0005_found_in_a_time"),
        ("members", "0015_fewer_indexes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="bond",
            name="promoter",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="bonds",
                to="distribution.promoter",
                verbose_name="推客",
            ),
        ),
        migrations.AlterField(
            model_name="bondchange",
            name="member",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.member",
                verbose_name="客户",
            ),
        ),
        migrations.AlterField(
            model_name="commission",
            name="promoter",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="commissions",
                to="distribution.promoter",
                verbose_name="推客",
            ),
        ),
        migrations.AlterField(
            model_name="entry",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="distribution.account",
                verbose_name="推客账户",
            ),
        ),
        migrations.AlterField(
            model_name="raterule",
            name="product",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="catalog.product",
                verbose_name="商品",
            ),
        ),
        migrations.AlterField(
            model_name="winner",
            name="contest",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="winners",
                to="distribution.contest",
                verbose_name="榜单活动",
            ),
        ),
        migrations.AlterField(
            model_name="withdrawal",
            name="promoter",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="withdrawals",
                to="distribution.promoter",
                verbose_name="推客",
            ),
        ),
    ]
