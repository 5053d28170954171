"""Indexes of foreign keys go where another index begins with the same column."""

import django.db.models.deletion
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("members", "0015_fewer_indexes"),
        ("shares", "0002_found_by_thing"),
    ]

    operations = [
        migrations.AlterField(
            model_name="share",
            name="member",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.member",
                verbose_name="分享人",
            ),
        ),
        migrations.AlterField(
            model_name="shareorder",
            name="member",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.member",
                verbose_name="下单会员",
            ),
        ),
        migrations.AlterField(
            model_name="visit",
            name="share",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="visits",
                to="shares.share",
                verbose_name="分享",
            ),
        ),
    ]
