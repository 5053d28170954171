"""Indexes go that another one answers for: every row that is written paid for each."""

import django.db.models.deletion
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("members", "0016_words_versioned"),
        ("promotions", "0008_fewer_indexes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="usage",
            name="member",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="members.member",
                verbose_name="会员",
            ),
        ),
    ]
