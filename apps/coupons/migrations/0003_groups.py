"""Issue to groups of members, and templates that only a group may claim."""

import django.db.models.deletion
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("coupons", "0002_append_only"),
        ("members", "0005_groups"),
    ]

    operations = [
        migrations.AddField(
            model_name="issuejob",
            name="group",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="members.group",
                verbose_name="会员分组",
            ),
        ),
        migrations.AddField(
            model_name="template",
            name="groups",
            field=models.ManyToManyField(
                blank=True,
                help_text="留空表示不限；其他会员在领券中心看不到这张券",
                to="members.group",
                verbose_name="限定会员分组",
            ),
        ),
        migrations.AlterField(
            model_name="issuejob",
            name="audience",
            field=models.CharField(
                choices=[
                    ("ALL", "全部会员"),
                    ("LEVEL", "指定等级"),
                    ("GROUP", "指定分组"),
                    ("LIST", "指定会员名单"),
                ],
                max_length=5,
                verbose_name="发放对象",
            ),
        ),
        migrations.AddConstraint(
            model_name="issuejob",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("audience", "GROUP"), ("group__isnull", False)),
                    models.Q(models.Q(("audience", "GROUP"), _negated=True), ("group__isnull", True)),
                    _connector="OR",
                ),
                name="issue_job_group_when_by_group",
            ),
        ),
    ]
