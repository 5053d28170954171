"""Indexes of foreign keys go where another index begins with the same column."""

import django.db.models.deletion
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("members", "0015_fewer_indexes"),
        ("promotions", "0007_for_groups"),
    ]

    operations = [
        migrations.AlterField(
            model_name="levelprice",
            name="level",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                to="members.level",
                verbose_name="会员等级",
            ),
        ),
        migrations.AlterField(
            model_name="promotionsku",
            name="promotion",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="parts",
                to="promotions.promotion",
                verbose_name="促销活动",
            ),
        ),
        migrations.AlterField(
            model_name="tally",
            name="promotion",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="tallies",
                to="promotions.promotion",
                verbose_name="促销活动",
            ),
        ),
        migrations.AlterField(
            model_name="usage",
            name="promotion",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="promotions.promotion",
                verbose_name="促销活动",
            ),
        ),
    ]
