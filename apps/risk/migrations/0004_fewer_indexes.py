"""Indexes of foreign keys go where another index begins with the same column."""

import django.db.models.deletion
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("members", "0015_fewer_indexes"),
        ("risk", "0003_wechat_rank"),
    ]

    operations = [
        migrations.AlterField(
            model_name="look",
            name="member",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.member",
                verbose_name="得奖会员",
            ),
        ),
        migrations.AlterField(
            model_name="reason",
            name="look",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="reasons",
                to="risk.look",
                verbose_name="奖励核实",
            ),
        ),
        migrations.AlterField(
            model_name="trace",
            name="member",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.member",
                verbose_name="会员",
            ),
        ),
    ]
