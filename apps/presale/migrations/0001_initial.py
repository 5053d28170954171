"""Pre-sales, their goods, the orders that wait for them, and reports to WeChat."""

import django.db.models.deletion
from django.db import migrations, models

import apps.base.fields
from apps.base import migrating


class Migration(migrating.Migration):
    initial = True

    dependencies = [
        ("catalog", "0007_money_has_permissions_of_its_own"),
        ("orders", "0015_awaits_goods"),
    ]

    operations = [
        migrations.CreateModel(
            name="Presale",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=40, unique=True, verbose_name="编码")),
                (
                    "title",
                    models.CharField(
                        help_text="买家会看到，例如「春茶三人团」", max_length=30, verbose_name="名称"
                    ),
                ),
                (
                    "preheat_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="从此刻起买家看得到；留空表示批准后立即预热",
                        null=True,
                        verbose_name="预热开始",
                    ),
                ),
                ("starts_at", models.DateTimeField(verbose_name="开始时间")),
                ("ends_at", models.DateTimeField(verbose_name="结束时间")),
                (
                    "combines",
                    models.JSONField(blank=True, db_default=[], default=list, verbose_name="可同享"),
                ),
                (
                    "approval",
                    models.CharField(
                        choices=[
                            ("DRAFT", "草稿"),
                            ("APPROVED", "已批准"),
                            ("PAUSED", "已暂停"),
                            ("STOPPED", "已提前结束"),
                        ],
                        default="DRAFT",
                        editable=False,
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("deposit_fen", apps.base.fields.FenField(blank=True, null=True, verbose_name="定金（分）")),
                (
                    "deposit_worth_fen",
                    apps.base.fields.FenField(blank=True, null=True, verbose_name="定金抵扣（分）"),
                ),
                ("balance_from", models.DateTimeField(blank=True, null=True, verbose_name="尾款开始")),
                ("balance_until", models.DateTimeField(blank=True, null=True, verbose_name="尾款截止")),
                (
                    "ships_by",
                    models.DateTimeField(
                        blank=True,
                        help_text="留空为最后付款时间后 72 小时；距付款超过 15 天的，会在付款后自动向微信报备",
                        verbose_name="最晚发货",
                    ),
                ),
                (
                    "deposit_refundable",
                    models.BooleanField(
                        default=False,
                        help_text="尾款逾期未付时是否退还定金；买家下单前可见，随订单保存",
                        verbose_name="定金可退",
                    ),
                ),
                (
                    "arrived_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="到货时间"),
                ),
            ],
            options={
                "verbose_name": "预售活动",
                "verbose_name_plural": "预售活动",
                "ordering": ["-id"],
                "permissions": [("arrive_presale", "登记预售到货")],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                        name="presale_presale_window_forward",
                        violation_error_message="结束时间必须晚于开始时间",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("preheat_at__isnull", True),
                            ("preheat_at__lte", models.F("starts_at")),
                            _connector="OR",
                        ),
                        name="presale_presale_preheat_before_start",
                        violation_error_message="预热开始不能晚于活动开始",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("balance_from__isnull", True),
                                ("balance_until__isnull", True),
                                ("deposit_fen__isnull", True),
                                ("deposit_worth_fen__isnull", True),
                            ),
                            models.Q(
                                ("balance_until__gt", models.F("balance_from")),
                                ("deposit_fen__gte", 1),
                                ("deposit_worth_fen__gte", models.F("deposit_fen")),
                            ),
                            _connector="OR",
                        ),
                        name="presale_whole_or_deposit_and_balance",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("transaction_id", models.CharField(max_length=40, unique=True, verbose_name="微信支付单号")),
                ("delay_to", models.DateTimeField(verbose_name="报备发货时间")),
                (
                    "status",
                    models.CharField(
                        choices=[("WAITING", "待报备"), ("DONE", "已报备"), ("FAILED", "报备失败")],
                        default="WAITING",
                        max_length=7,
                        verbose_name="状态",
                    ),
                ),
                ("last_error", models.CharField(blank=True, max_length=300, verbose_name="微信的答复")),
                ("reported_at", models.DateTimeField(null=True, verbose_name="报备时间")),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orders.order",
                        verbose_name="订单",
                    ),
                ),
            ],
            options={
                "verbose_name": "特殊发货报备",
                "verbose_name_plural": "特殊发货报备",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Good",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("price_fen", apps.base.fields.FenField(verbose_name="预售价（分）")),
                (
                    "sku",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.sku",
                        verbose_name="SKU",
                    ),
                ),
                (
                    "presale",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="goods",
                        to="presale.presale",
                        verbose_name="预售活动",
                    ),
                ),
            ],
            options={
                "verbose_name": "预售商品",
                "verbose_name_plural": "预售商品",
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(fields=("presale", "sku"), name="presale_good_once"),
                    models.CheckConstraint(
                        condition=models.Q(("price_fen__gte", 1)), name="presale_good_costs_something"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Reservation",
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
                        choices=[("PLANNED", "待到货"), ("ARRIVED", "已配货"), ("DROPPED", "已取消")],
                        default="PLANNED",
                        max_length=8,
                        verbose_name="到货",
                    ),
                ),
                ("balance_until", models.DateTimeField(null=True, verbose_name="尾款截止")),
                ("arrived_at", models.DateTimeField(null=True, verbose_name="配货时间")),
                (
                    "order",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orders.order",
                        verbose_name="订单",
                    ),
                ),
                (
                    "presale",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reservations",
                        to="presale.presale",
                        verbose_name="预售活动",
                    ),
                ),
            ],
            options={
                "verbose_name": "预售订单",
                "verbose_name_plural": "预售订单",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("balance_until__isnull", False)),
                        fields=["balance_until", "id"],
                        name="presale_balance_due",
                    ),
                    models.Index(
                        condition=models.Q(("status", "PLANNED")),
                        fields=["presale", "id"],
                        name="presale_planned",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "ARRIVED"), _negated=True),
                            ("arrived_at__isnull", False),
                            _connector="OR",
                        ),
                        name="presale_arrived_at_when_arrived",
                    )
                ],
            },
        ),
    ]
