"""Members ask for a copy of their data, and to be erased."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("members", "0005_groups"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ErasureRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("WAITING", "等待期"), ("TAKEN_BACK", "已撤回"), ("DONE", "已注销")],
                        default="WAITING",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=100, verbose_name="代办原因")),
                ("asked_at", models.DateTimeField(verbose_name="申请时间")),
                ("until", models.DateTimeField(verbose_name="撤回截止")),
                ("due_at", models.DateTimeField(verbose_name="下次处理")),
                ("closed_at", models.DateTimeField(null=True, verbose_name="停止服务时间")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="结束时间")),
                ("held_up_by", models.JSONField(blank=True, default=list, verbose_name="未了结事项")),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="处理次数")),
                ("last_error", models.CharField(blank=True, max_length=300, verbose_name="最近错误")),
            ],
            options={
                "verbose_name": "注销申请",
                "verbose_name_plural": "注销申请",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="ExportRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("WAITING", "准备中"), ("READY", "可下载"), ("EXPIRED", "已过期")],
                        default="WAITING",
                        max_length=8,
                        verbose_name="状态",
                    ),
                ),
                ("asked_at", models.DateTimeField(verbose_name="申请时间")),
                ("due_at", models.DateTimeField(verbose_name="下次处理")),
                ("made_at", models.DateTimeField(null=True, verbose_name="生成时间")),
                ("until", models.DateTimeField(null=True, verbose_name="下载截止")),
                ("file", models.BinaryField(null=True, verbose_name="文件")),
                ("fetched_at", models.DateTimeField(null=True, verbose_name="最近下载")),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="处理次数")),
                ("last_error", models.CharField(blank=True, max_length=300, verbose_name="最近错误")),
            ],
            options={
                "verbose_name": "个人信息导出",
                "verbose_name_plural": "个人信息导出",
                "ordering": ["-id"],
            },
        ),
        migrations.AddField(
            model_name="member",
            name="erased_at",
            field=models.DateTimeField(null=True, verbose_name="注销时间"),
        ),
        migrations.AddConstraint(
            model_name="member",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("erased_at__isnull", True),
                    models.Q(
                        ("avatar_url", ""),
                        ("birthday__isnull", True),
                        ("nickname", ""),
                        ("phone", ""),
                        ("unionid", ""),
                        ("disabled_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="member_erased_names_nobody",
            ),
        ),
        migrations.AddField(
            model_name="erasurerequest",
            name="member",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="erasure_requests",
                to="members.member",
                verbose_name="会员",
            ),
        ),
        migrations.AddField(
            model_name="erasurerequest",
            name="operator",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="操作人",
            ),
        ),
        migrations.AddField(
            model_name="exportrequest",
            name="member",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="export_requests",
                to="members.member",
                verbose_name="会员",
            ),
        ),
        migrations.AddIndex(
            model_name="erasurerequest",
            index=models.Index(
                condition=models.Q(("status", "WAITING")), fields=["due_at"], name="erasure_request_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="erasurerequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "WAITING")),
                fields=("member",),
                name="erasure_request_one_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasurerequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("status", "WAITING")),
                    models.Q(models.Q(("status", "WAITING"), _negated=True), ("ended_at__isnull", False)),
                    _connector="OR",
                ),
                name="erasure_request_ended_exactly_when_over",
            ),
        ),
        migrations.AddIndex(
            model_name="exportrequest",
            index=models.Index(
                condition=models.Q(("status", "WAITING")), fields=["due_at"], name="export_request_due"
            ),
        ),
        migrations.AddIndex(
            model_name="exportrequest",
            index=models.Index(
                condition=models.Q(("status", "READY")), fields=["until"], name="export_request_until"
            ),
        ),
        migrations.AddConstraint(
            model_name="exportrequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ["WAITING", "READY"])),
                fields=("member",),
                name="export_request_one_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="exportrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("file__isnull", False), ("status", "READY"), ("until__isnull", False)),
                    models.Q(models.Q(("status", "READY"), _negated=True), ("file__isnull", True)),
                    _connector="OR",
                ),
                name="export_request_file_exactly_when_ready",
            ),
        ),
    ]
