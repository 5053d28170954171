"""Withdrawals of promoters by 商家转账, and the story of each."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import apps.base.fields
from apps.base import migrating
from apps.base.ledger import append_only


class Migration(migrating.Migration):
    dependencies = [
        ("distribution", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Withdrawal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("withdrawal_no", models.CharField(max_length=32, unique=True, verbose_name="提现单号")),
                ("amount_fen", apps.base.fields.FenField(verbose_name="金额（分）")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("REVIEW", "待审核"),
                            ("PAYING", "打款中"),
                            ("CONFIRM", "待推客确认"),
                            ("DONE", "已到账"),
                            ("FAILED", "已退回"),
                            ("REJECTED", "已驳回"),
                        ],
                        default="REVIEW",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("idempotency_key", models.CharField(max_length=80, verbose_name="请求标识")),
                ("openid", models.CharField(blank=True, max_length=64, verbose_name="openid")),
                ("name_sealed", models.TextField(blank=True, verbose_name="加密的姓名")),
                ("name_key_id", models.CharField(blank=True, max_length=64, verbose_name="加密公钥 ID")),
                ("name_masked", models.CharField(blank=True, max_length=10, verbose_name="姓名")),
                ("reviews_needed", models.PositiveSmallIntegerField(default=0, verbose_name="须几人审核")),
                ("reviewed_at", models.DateTimeField(null=True, verbose_name="审核时间")),
                ("seconded_at", models.DateTimeField(null=True, verbose_name="复核时间")),
                (
                    "transfer_bill_no",
                    models.CharField(blank=True, max_length=64, verbose_name="微信转账单号"),
                ),
                ("wechat_state", models.CharField(blank=True, max_length=32, verbose_name="微信状态")),
                ("package_info", models.TextField(blank=True, verbose_name="收款信息")),
                ("fail_reason", models.CharField(blank=True, max_length=64, verbose_name="退回原因")),
                ("reason", models.CharField(blank=True, max_length=100, verbose_name="说明")),
                ("attempts", models.PositiveIntegerField(default=0, verbose_name="尝试次数")),
                ("due_at", models.DateTimeField(null=True, verbose_name="下次处理时间")),
                ("last_error", models.CharField(blank=True, max_length=300, verbose_name="最近一次错误")),
                ("requested_at", models.DateTimeField(verbose_name="申请时间")),
                ("offered_at", models.DateTimeField(null=True, verbose_name="待确认时间")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="结束时间")),
                (
                    "promoter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="withdrawals",
                        to="distribution.promoter",
                        verbose_name="推客",
                    ),
                ),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="审核人",
                    ),
                ),
                (
                    "seconded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="复核人",
                    ),
                ),
            ],
            options={
                "verbose_name": "推客提现",
                "verbose_name_plural": "推客提现",
                "ordering": ["-id"],
                "permissions": [
                    ("review_withdrawal", "审核推客提现"),
                    ("cancel_withdrawal", "撤销待确认的推客提现"),
                    ("export_withdrawal", "导出推客提现月报"),
                ],
            },
        ),
        migrations.CreateModel(
            name="WithdrawalStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "step",
                    models.CharField(
                        choices=[
                            ("request", "申请"),
                            ("first", "初审通过"),
                            ("approve", "通过，开始打款"),
                            ("reject", "驳回"),
                            ("offer", "微信已备款，待推客确认"),
                            ("arrive", "已到账"),
                            ("fail", "退回可提现"),
                        ],
                        max_length=10,
                        verbose_name="步骤",
                    ),
                ),
                (
                    "to_status",
                    models.CharField(
                        choices=[
                            ("REVIEW", "待审核"),
                            ("PAYING", "打款中"),
                            ("CONFIRM", "待推客确认"),
                            ("DONE", "已到账"),
                            ("FAILED", "已退回"),
                            ("REJECTED", "已驳回"),
                        ],
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=100, verbose_name="说明")),
                ("at", models.DateTimeField(verbose_name="时间")),
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
                (
                    "withdrawal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="history",
                        to="distribution.withdrawal",
                        verbose_name="提现",
                    ),
                ),
            ],
            options={
                "verbose_name": "提现经过",
                "verbose_name_plural": "提现经过",
                "ordering": ["id"],
            },
        ),
        migrations.AddIndex(
            model_name="withdrawal",
            index=models.Index(fields=["promoter", "-id"], name="withdrawal_of_promoter"),
        ),
        migrations.AddIndex(
            model_name="withdrawal",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)), fields=["due_at", "id"], name="withdrawal_due"
            ),
        ),
        migrations.AddIndex(
            model_name="withdrawal",
            index=models.Index(fields=["status", "-id"], name="withdrawal_by_status"),
        ),
        migrations.AddIndex(
            model_name="withdrawal",
            index=models.Index(
                condition=models.Q(("status", "DONE")),
                fields=["ended_at", "promoter"],
                name="withdrawal_done",
            ),
        ),
        migrations.AddConstraint(
            model_name="withdrawal",
            constraint=models.UniqueConstraint(
                fields=("promoter", "idempotency_key"), name="withdrawal_once_per_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="withdrawal",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_fen__gte", 1)), name="withdrawal_of_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="withdrawal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["PAYING", "CONFIRM"]), ("due_at__isnull", False)),
                    models.Q(
                        models.Q(("status__in", ["PAYING", "CONFIRM"]), _negated=True),
                        ("due_at__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="withdrawal_due_while_with_wechat",
            ),
        ),
        migrations.AddConstraint(
            model_name="withdrawal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["DONE", "FAILED", "REJECTED"]), ("ended_at__isnull", False)),
                    models.Q(
                        models.Q(("status__in", ["DONE", "FAILED", "REJECTED"]), _negated=True),
                        ("ended_at__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="withdrawal_ended_at_its_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="withdrawal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("name_sealed", ""),
                    models.Q(("status__in", ["DONE", "FAILED", "REJECTED"]), _negated=True),
                    _connector="OR",
                ),
                name="withdrawal_keeps_no_name_at_its_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="withdrawal",
            constraint=models.CheckConstraint(
                condition=models.Q(("reviews_needed__lte", 2)), name="withdrawal_two_people_at_most"
            ),
        ),
        migrations.AddConstraint(
            model_name="withdrawal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["PAYING", "CONFIRM", "DONE", "FAILED"]), _negated=True),
                    ("reviews_needed", 0),
                    ("reviewed_by__isnull", False),
                    _connector="OR",
                ),
                name="withdrawal_reviewed_where_needed",
            ),
        ),
        migrations.AddConstraint(
            model_name="withdrawal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["PAYING", "CONFIRM", "DONE", "FAILED"]), _negated=True),
                    ("reviews_needed__lte", 1),
                    ("seconded_by__isnull", False),
                    _connector="OR",
                ),
                name="withdrawal_seconded_where_needed",
            ),
        ),
        migrations.AddConstraint(
            model_name="withdrawal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("seconded_by__isnull", True),
                    models.Q(("seconded_by", models.F("reviewed_by")), _negated=True),
                    _connector="OR",
                ),
                name="withdrawal_seconded_by_another",
            ),
        ),
        append_only("distribution_withdrawalstep"),
    ]
