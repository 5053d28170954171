"""Recharges that members place and pay in the mini program, and the kind of entry that gives one back."""

import django.db.models.deletion
from django.db import migrations, models

import apps.base.fields
from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("members", "0004_growth_append_only"),
        ("wallet", "0002_append_only"),
    ]

    operations = [
        migrations.AlterField(
            model_name="entry",
            name="kind",
            field=models.CharField(
                choices=[
                    ("RECHARGE", "充值"),
                    ("ADJUST", "人工调整"),
                    ("HOLD", "下单占用"),
                    ("COMMIT", "支付扣减"),
                    ("RELEASE", "关闭释放"),
                    ("RESTORE", "退款退回"),
                    ("REFUND", "充值退款"),
                ],
                max_length=10,
                verbose_name="类型",
            ),
        ),
        migrations.CreateModel(
            name="Recharge",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("recharge_no", models.CharField(max_length=32, unique=True, verbose_name="充值单号")),
                ("title", models.CharField(max_length=40, verbose_name="名称")),
                ("principal_fen", apps.base.fields.FenField(verbose_name="充值金额（分）")),
                ("bonus_fen", apps.base.fields.FenField(verbose_name="赠送金额（分）")),
                (
                    "refunded_principal_fen",
                    apps.base.fields.FenField(default=0, verbose_name="已退本金（分）"),
                ),
                (
                    "refunded_bonus_fen",
                    apps.base.fields.FenField(default=0, verbose_name="已收回赠送金（分）"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("UNPAID", "待付款"),
                            ("PAID", "已到账"),
                            ("PARTLY_REFUNDED", "部分退款"),
                            ("REFUNDED", "已退款"),
                            ("CLOSED", "已关闭"),
                        ],
                        default="UNPAID",
                        max_length=16,
                        verbose_name="状态",
                    ),
                ),
                ("idempotency_key", models.CharField(max_length=80, verbose_name="幂等键")),
                ("request_hash", models.CharField(max_length=64, verbose_name="请求摘要")),
                ("created_at", models.DateTimeField(verbose_name="下单时间")),
                ("expires_at", models.DateTimeField(verbose_name="支付截止")),
                ("paid_at", models.DateTimeField(null=True, verbose_name="到账时间")),
                ("closed_at", models.DateTimeField(null=True, verbose_name="关闭时间")),
                ("refunded_at", models.DateTimeField(null=True, verbose_name="最近退款时间")),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="recharges",
                        to="members.member",
                        verbose_name="会员",
                    ),
                ),
                (
                    "pack",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="wallet.pack", verbose_name="充值套餐"
                    ),
                ),
            ],
            options={
                "verbose_name": "充值单",
                "verbose_name_plural": "充值单",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["member", "-id"], name="recharge_of_member"),
                    models.Index(
                        condition=models.Q(("status", "UNPAID")),
                        fields=["expires_at"],
                        name="recharge_unpaid_expiry",
                    ),
                    models.Index(fields=["status", "-id"], name="recharge_by_status"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("member", "idempotency_key"), name="recharge_once_per_idempotency_key"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("bonus_fen__gte", 0),
                            ("bonus_fen__lte", models.F("principal_fen")),
                            ("principal_fen__gte", 1),
                        ),
                        name="recharge_bonus_within_principal",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("paid_at__isnull", True), ("status__in", ["UNPAID", "CLOSED"])),
                            models.Q(
                                ("paid_at__isnull", False),
                                ("status__in", ["PAID", "PARTLY_REFUNDED", "REFUNDED"]),
                            ),
                            _connector="OR",
                        ),
                        name="recharge_paid_at_exactly_when_paid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at__isnull", False), ("status", "CLOSED")),
                            models.Q(
                                ("closed_at__isnull", True), models.Q(("status", "CLOSED"), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="recharge_closed_at_exactly_when_closed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("refunded_at__isnull", False),
                                ("refunded_bonus_fen", models.F("bonus_fen")),
                                ("refunded_principal_fen", models.F("principal_fen")),
                                ("status", "REFUNDED"),
                            ),
                            models.Q(
                                ("refunded_at__isnull", False),
                                ("refunded_bonus_fen__gte", 0),
                                ("refunded_bonus_fen__lte", models.F("bonus_fen")),
                                ("refunded_principal_fen__gte", 1),
                                ("refunded_principal_fen__lt", models.F("principal_fen")),
                                ("status", "PARTLY_REFUNDED"),
                            ),
                            models.Q(
                                ("refunded_at__isnull", True),
                                ("refunded_bonus_fen", 0),
                                ("refunded_principal_fen", 0),
                                ("status__in", ["UNPAID", "PAID", "CLOSED"]),
                            ),
                            _connector="OR",
                        ),
                        name="recharge_refunded_as_its_status_says",
                    ),
                ],
            },
        ),
    ]
