"""Indexes of foreign keys go where another index begins with the same column."""

import django.db.models.deletion
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("members", "0014_where_addresses_are"),
    ]

    operations = [
        migrations.AlterField(
            model_name="consent",
            name="member",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="consents",
                to="members.member",
                verbose_name="会员",
            ),
        ),
        migrations.AlterField(
            model_name="growthentry",
            name="member",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="growth_entries",
                to="members.member",
                verbose_name="会员",
            ),
        ),
        migrations.AlterField(
            model_name="levelchange",
            name="member",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="level_changes",
                to="members.member",
                verbose_name="会员",
            ),
        ),
        migrations.AlterField(
            model_name="upload",
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
