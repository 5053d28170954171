"""Accounts, packs, what orders take, and the ledger of stored value."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import apps.base.fields
from apps.base import migrating


class Migration(migrating.Migration):
    initial = True

    dependencies = [
        ("members", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("principal_fen", apps.base.fields.FenField(default=0, verbose_name="本金（分）")),
                ("bonus_fen", apps.base.fields.FenField(default=0, verbose_name="赠送金（分）")),
                ("held_principal_fen", apps.base.fields.FenField(default=0, verbose_name="占用本金（分）")),
                ("held_bonus_fen", apps.base.fields.FenField(default=0, verbose_name="占用赠送金（分）")),
                (
                    "member",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="wallet_account",
                        to="members.member",
                        verbose_name="会员",
                    ),
                ),
            ],
            options={
                "verbose_name": "储值账户",
                "verbose_name_plural": "储值账户",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Pack",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=40, verbose_name="名称")),
                ("principal_fen", apps.base.fields.FenField(verbose_name="充值金额（分）")),
                ("bonus_fen", apps.base.fields.FenField(default=0, verbose_name="赠送金额（分）")),
                (
                    "per_member",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="0 表示不限", verbose_name="每人限购"
                    ),
                ),
                ("starts_at", models.DateTimeField(verbose_name="开始时间")),
                ("ends_at", models.DateTimeField(verbose_name="结束时间")),
                ("enabled", models.BooleanField(default=True, verbose_name="启用")),
                (
                    "position",
                    models.PositiveIntegerField(default=0, help_text="数字小的排在前面", verbose_name="排序"),
                ),
            ],
            options={
                "verbose_name": "充值套餐",
                "verbose_name_plural": "充值套餐",
                "ordering": ["position", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("principal_fen__gte", 1)), name="wallet_pack_costs_money"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("bonus_fen__gte", 0), ("bonus_fen__lte", models.F("principal_fen"))
                        ),
                        name="wallet_pack_bonus_within_principal",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                        name="wallet_pack_window_forward",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("RECHARGE", "充值"),
                            ("ADJUST", "人工调整"),
                            ("HOLD", "下单占用"),
                            ("COMMIT", "支付扣减"),
                            ("RELEASE", "关闭释放"),
                            ("RESTORE", "退款退回"),
                        ],
                        max_length=10,
                        verbose_name="类型",
                    ),
                ),
                (
                    "principal_change_fen",
                    apps.base.fields.FenField(default=0, signed=True, verbose_name="本金变化（分）"),
                ),
                (
                    "bonus_change_fen",
                    apps.base.fields.FenField(default=0, signed=True, verbose_name="赠送金变化（分）"),
                ),
                (
                    "held_principal_change_fen",
                    apps.base.fields.FenField(default=0, signed=True, verbose_name="占用本金变化（分）"),
                ),
                (
                    "held_bonus_change_fen",
                    apps.base.fields.FenField(default=0, signed=True, verbose_name="占用赠送金变化（分）"),
                ),
                ("business_key", models.CharField(max_length=80, verbose_name="业务键")),
                ("reason", models.CharField(blank=True, max_length=100, verbose_name="原因")),
                ("at", models.DateTimeField(verbose_name="时间")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="wallet.account",
                        verbose_name="储值账户",
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
                (
                    "pack",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="wallet.pack",
                        verbose_name="充值套餐",
                    ),
                ),
            ],
            options={
                "verbose_name": "储值流水",
                "verbose_name_plural": "储值流水",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Spending",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("order_no", models.CharField(max_length=32, unique=True, verbose_name="订单号")),
                ("principal_fen", apps.base.fields.FenField(verbose_name="本金（分）")),
                ("bonus_fen", apps.base.fields.FenField(verbose_name="赠送金（分）")),
                (
                    "restored_principal_fen",
                    apps.base.fields.FenField(default=0, verbose_name="已退本金（分）"),
                ),
                ("restored_bonus_fen", apps.base.fields.FenField(default=0, verbose_name="已退赠送金（分）")),
                (
                    "status",
                    models.CharField(
                        choices=[("HELD", "占用中"), ("COMMITTED", "已支付"), ("RELEASED", "已释放")],
                        default="HELD",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="wallet.account",
                        verbose_name="储值账户",
                    ),
                ),
            ],
            options={
                "verbose_name": "储值支付",
                "verbose_name_plural": "储值支付",
                "ordering": ["-id"],
            },
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("held_principal_fen__gte", 0), ("held_principal_fen__lte", models.F("principal_fen"))
                ),
                name="wallet_held_within_principal",
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("held_bonus_fen__gte", 0), ("held_bonus_fen__lte", models.F("bonus_fen"))
                ),
                name="wallet_held_within_bonus",
            ),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["account", "-id"], name="wallet_entry_of_account"),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.UniqueConstraint(
                fields=("account", "business_key"), name="wallet_entry_once_per_cause"
            ),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "RECHARGE"), ("pack__isnull", False)),
                    models.Q(models.Q(("kind", "RECHARGE"), _negated=True), ("pack__isnull", True)),
                    _connector="OR",
                ),
                name="wallet_recharge_names_its_pack",
            ),
        ),
        migrations.AddConstraint(
            model_name="spending",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("bonus_fen__gte", 0),
                    ("principal_fen__gte", 0),
                    models.Q(("bonus_fen", 0), ("principal_fen", 0), _negated=True),
                ),
                name="wallet_spending_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="spending",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("restored_principal_fen__gte", 0),
                    ("restored_principal_fen__lte", models.F("principal_fen")),
                ),
                name="wallet_restored_within_principal",
            ),
        ),
        migrations.AddConstraint(
            model_name="spending",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("restored_bonus_fen__gte", 0), ("restored_bonus_fen__lte", models.F("bonus_fen"))
                ),
                name="wallet_restored_within_bonus",
            ),
        ),
        migrations.AddConstraint(
            model_name="spending",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("restored_bonus_fen", 0), ("restored_principal_fen", 0)),
                    ("status", "COMMITTED"),
                    _connector="OR",
                ),
                name="wallet_restored_after_commit",
            ),
        ),
    ]
