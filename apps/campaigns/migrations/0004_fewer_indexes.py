"""Indexes of foreign keys go where another index begins with the same column."""

import django.db.models.deletion
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("campaigns", "0003_windows_are_called_calendar"),
        ("members", "0015_fewer_indexes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="memberunits",
            name="quota",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="campaigns.quota",
                verbose_name="活动数量",
            ),
        ),
        migrations.AlterField(
            model_name="take",
            name="member",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="members.member",
                verbose_name="会员",
            ),
        ),
    ]
