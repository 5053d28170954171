"""Runs replay in the order of payment and count what they use: a cursor of two parts, and counts of a run."""

import django.db.models.deletion
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("members", "0004_growth_append_only"),
        ("promotions", "0002_kinds_limits_days_and_floor"),
    ]

    operations = [
        # Runs under way have replayed in the order of ids: they begin anew.
        migrations.RunSQL(
            "UPDATE promotions_simulationrun SET cursor = 0, total = 0, handled = 0, figures = '{}'"
            " WHERE status = 'RUNNING'",
            migrations.RunSQL.noop,
        ),
        migrations.AddField(
            model_name="simulationrun",
            name="cursor_at",
            field=models.DateTimeField(null=True, verbose_name="进度时间"),
        ),
        migrations.AddField(
            model_name="simulationrun",
            name="kept",
            field=models.JSONField(blank=True, db_default={}, default=dict, verbose_name="接续状态"),
        ),
        migrations.CreateModel(
            name="SimulationTally",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(null=True, verbose_name="日期")),
                ("uses", models.PositiveIntegerField(verbose_name="次数")),
                (
                    "member",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="members.member",
                        verbose_name="会员",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tallies",
                        to="promotions.simulationrun",
                        verbose_name="活动模拟",
                    ),
                ),
            ],
            options={
                "verbose_name": "模拟使用计数",
                "verbose_name_plural": "模拟使用计数",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("run", "member", "day"), name="simulation_tally_once", nulls_distinct=False
                    )
                ],
            },
        ),
    ]
