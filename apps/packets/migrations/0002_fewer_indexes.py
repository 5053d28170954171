"""Indexes of foreign keys go where another index begins with the same column."""

import django.db.models.deletion
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("members", "0015_fewer_indexes"),
        ("packets", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="packet",
            name="member",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.member",
                verbose_name="买家",
            ),
        ),
        migrations.AlterField(
            model_name="part",
            name="packet",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="parts",
                to="packets.packet",
                verbose_name="立减金",
            ),
        ),
    ]
