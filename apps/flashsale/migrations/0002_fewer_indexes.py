"""Indexes of foreign keys go where another index begins with the same column."""

import django.db.models.deletion
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("flashsale", "0001_initial"),
        ("members", "0015_fewer_indexes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="good",
            name="session",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="goods",
                to="flashsale.session",
                verbose_name="秒杀场次",
            ),
        ),
        migrations.AlterField(
            model_name="plangood",
            name="plan",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="goods",
                to="flashsale.plan",
                verbose_name="重复秒杀",
            ),
        ),
        migrations.AlterField(
            model_name="reminder",
            name="member",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="members.member",
                verbose_name="会员",
            ),
        ),
        migrations.AlterField(
            model_name="session",
            name="plan",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="sessions",
                to="flashsale.plan",
                verbose_name="重复秒杀",
            ),
        ),
        migrations.AlterField(
            model_name="wait",
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
