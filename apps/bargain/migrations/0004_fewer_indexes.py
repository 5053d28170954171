"""Indexes of foreign keys go where another index begins with the same column."""

import django.db.models.deletion
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("bargain", "0003_no_help_waits_for_a_run_that_is_over"),
        ("members", "0015_fewer_indexes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="cut",
            name="run",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="cuts",
                to="bargain.run",
                verbose_name="砍价进度",
            ),
        ),
        migrations.AlterField(
            model_name="help",
            name="member",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.member",
                verbose_name="帮砍会员",
            ),
        ),
        migrations.AlterField(
            model_name="help",
            name="run",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="given",
                to="bargain.run",
                verbose_name="砍价进度",
            ),
        ),
        migrations.AlterField(
            model_name="helpsofday",
            name="member",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.member",
                verbose_name="会员",
            ),
        ),
        migrations.AlterField(
            model_name="run",
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
