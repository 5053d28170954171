import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import apps.base.fields
from apps.base import migrating


class Migration(migrating.Migration):
    initial = True

    dependencies = [
        ("members", "0013_every_group_has_a_code"),
        ("payments", "0012_found_in_a_time"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Complaint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("complaint_id", models.CharField(max_length=64, unique=True, verbose_name="投诉单号")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("PENDING", "待处理"),
                            ("PROCESSING", "处理中"),
                            ("PROCESSED", "已处理完成"),
                        ],
                        default="PENDING",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                (
                    "problem_type",
                    models.CharField(
                        choices=[
                            ("REFUND", "申请退款"),
                            ("SERVICE_NOT_WORK", "服务权益未生效"),
                            ("OTHERS", "其他"),
                        ],
                        default="OTHERS",
                        max_length=20,
                        verbose_name="问题类型",
                    ),
                ),
                ("problem", models.CharField(blank=True, max_length=256, verbose_name="问题描述")),
                ("text", models.TextField(blank=True, verbose_name="投诉内容")),
                ("phone_shown", models.CharField(blank=True, max_length=20, verbose_name="联系电话")),
                ("transaction_id", models.CharField(blank=True, max_length=64, verbose_name="微信支付单号")),
                ("amount_fen", apps.base.fields.FenField(null=True, verbose_name="支付金额（分）")),
                ("wanted_fen", apps.base.fields.FenField(null=True, verbose_name="申请退款（分）")),
                ("refunded", models.BooleanField(default=False, verbose_name="已全额退款")),
                ("has_news", models.BooleanField(default=False, verbose_name="买家有新留言")),
                ("with_platform", models.BooleanField(default=False, verbose_name="平台介入")),
                ("urgent", models.BooleanField(default=False, verbose_name="需即时处理")),
                ("times", models.PositiveIntegerField(default=0, verbose_name="投诉次数")),
                (
                    "pictures",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.URLField(max_length=500),
                        default=list,
                        size=None,
                        verbose_name="图片",
                    ),
                ),
                ("opened_at", models.DateTimeField(verbose_name="投诉时间")),
                ("answer_by", models.DateTimeField(null=True, verbose_name="回复期限")),
                ("answered_at", models.DateTimeField(null=True, verbose_name="首次回复")),
                ("completed_at", models.DateTimeField(null=True, verbose_name="完成时间")),
                ("read_at", models.DateTimeField(null=True, verbose_name="最近查询")),
                ("ask_at", models.DateTimeField(null=True, verbose_name="下次查询")),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="查询失败次数")),
                ("acts_count", models.PositiveIntegerField(default=0, verbose_name="提交次数")),
                (
                    "member",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.member",
                        verbose_name="会员",
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="complaints",
                        to="payments.payment",
                        verbose_name="支付单",
                    ),
                ),
            ],
            options={
                "verbose_name": "微信投诉",
                "verbose_name_plural": "微信投诉",
                "ordering": ["-id"],
                "permissions": [("answer_complaint", "回复和处理微信投诉")],
            },
        ),
        migrations.CreateModel(
            name="ComplaintAct",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("token", models.CharField(max_length=64, unique=True, verbose_name="请求标识")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("REPLY", "回复"),
                            ("COMPLETE", "处理完成"),
                            ("APPROVE", "同意退款"),
                            ("REJECT", "拒绝退款"),
                        ],
                        max_length=10,
                        verbose_name="动作",
                    ),
                ),
                ("text", models.CharField(blank=True, max_length=200, verbose_name="内容")),
                ("days", models.PositiveSmallIntegerField(null=True, verbose_name="预计退款（工作日）")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("SENDING", "提交中"),
                            ("UNKNOWN", "结果待核实"),
                            ("SENT", "已提交"),
                            ("FAILED", "未提交成功"),
                        ],
                        default="SENDING",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="提交时间")),
                ("settled_at", models.DateTimeField(null=True, verbose_name="结果时间")),
                ("fault", models.CharField(blank=True, max_length=200, verbose_name="原因")),
                ("log_id", models.CharField(blank=True, max_length=64, verbose_name="记录编号")),
                (
                    "complaint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="acts",
                        to="complaints.complaint",
                        verbose_name="投诉",
                    ),
                ),
                (
                    "operator",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="操作人",
                    ),
                ),
            ],
            options={
                "verbose_name": "商家提交",
                "verbose_name_plural": "商家提交",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="ComplaintStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("log_id", models.CharField(max_length=64, verbose_name="记录编号")),
                ("who", models.CharField(blank=True, max_length=40, verbose_name="操作方")),
                ("kind", models.CharField(blank=True, max_length=64, verbose_name="动作")),
                ("text", models.TextField(blank=True, verbose_name="内容")),
                (
                    "pictures",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.URLField(max_length=500),
                        default=list,
                        size=None,
                        verbose_name="图片",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="时间")),
                (
                    "complaint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="complaints.complaint",
                        verbose_name="投诉",
                    ),
                ),
            ],
            options={
                "verbose_name": "协商历史",
                "verbose_name_plural": "协商历史",
                "ordering": ["at", "id"],
            },
        ),
        migrations.AddIndex(
            model_name="complaint",
            index=models.Index(
                condition=models.Q(("answer_by__isnull", False)),
                fields=["answer_by"],
                name="complaint_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="complaint",
            index=models.Index(
                condition=models.Q(("ask_at__isnull", False)), fields=["ask_at"], name="complaint_to_ask"
            ),
        ),
        migrations.AddIndex(
            model_name="complaint",
            index=models.Index(fields=["opened_at"], name="complaint_opened"),
        ),
        migrations.AddConstraint(
            model_name="complaint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("answer_by__isnull", True), ("completed_at__isnull", False), ("status", "PROCESSED")
                    ),
                    models.Q(
                        models.Q(("status", "PROCESSED"), _negated=True), ("completed_at__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="complaint_completed_at_exactly_when_processed",
            ),
        ),
        migrations.AddConstraint(
            model_name="complaint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "PENDING"), _negated=True),
                    ("answer_by__isnull", False),
                    _connector="OR",
                ),
                name="complaint_pending_has_a_clock",
            ),
        ),
        migrations.AddConstraint(
            model_name="complaintact",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ["SENDING", "UNKNOWN"])),
                fields=("complaint",),
                name="complaint_act_one_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="complaintact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("settled_at__isnull", True), ("status__in", ["SENDING", "UNKNOWN"])),
                    models.Q(
                        models.Q(("status__in", ["SENDING", "UNKNOWN"]), _negated=True),
                        ("settled_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="complaint_act_settled_at_exactly_when_settled",
            ),
        ),
        migrations.AddConstraint(
            model_name="complaintstep",
            constraint=models.UniqueConstraint(
                fields=("complaint", "log_id"), name="complaint_step_once_per_log_id"
            ),
        ),
    ]
