"""Groups of members that operators keep by hand."""

import django.db.models.deletion
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("members", "0004_growth_append_only"),
    ]

    operations = [
        migrations.CreateModel(
            name="Group",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=30, unique=True, verbose_name="名称")),
                (
                    "note",
                    models.CharField(
                        blank=True, help_text="只有操作员看得到", max_length=200, verbose_name="说明"
                    ),
                ),
            ],
            options={
                "verbose_name": "会员分组",
                "verbose_name_plural": "会员分组",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("added_at", models.DateTimeField(verbose_name="加入时间")),
                (
                    "group",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to="members.group",
                        verbose_name="会员分组",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to="members.member",
                        verbose_name="会员",
                    ),
                ),
            ],
            options={
                "verbose_name": "分组会员",
                "verbose_name_plural": "分组会员",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(fields=("group", "member"), name="membership_once_per_group")
                ],
            },
        ),
    ]
