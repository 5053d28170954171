import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import apps.base.fields
from apps.base import migrating


class Migration(migrating.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Bill",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(verbose_name="日期")),
                (
                    "kind",
                    models.CharField(
                        choices=[("TRADE", "交易账单"), ("FUND", "资金账单")],
                        max_length=10,
                        verbose_name="账单",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("WAITING", "待下载"),
                            ("FETCHED", "已下载"),
                            ("EMPTY", "当日无账单"),
                            ("FAILED", "下载有误"),
                        ],
                        default="WAITING",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("digest", models.CharField(blank=True, max_length=40, verbose_name="文件摘要")),
                ("lines_count", models.PositiveIntegerField(default=0, verbose_name="笔数")),
                ("in_fen", apps.base.fields.FenField(default=0, verbose_name="收入（分）")),
                ("out_fen", apps.base.fields.FenField(default=0, verbose_name="支出（分）")),
                ("fee_millifen", models.BigIntegerField(default=0, verbose_name="手续费（千分之一分）")),
                ("attempts", models.PositiveIntegerField(default=0, verbose_name="尝试次数")),
                ("due_at", models.DateTimeField(verbose_name="下次下载")),
                ("last_error", models.CharField(blank=True, max_length=200, verbose_name="最近错误")),
                ("fetched_at", models.DateTimeField(null=True, verbose_name="下载时间")),
                ("reconciled_at", models.DateTimeField(null=True, verbose_name="核对时间")),
            ],
            options={
                "verbose_name": "微信账单",
                "verbose_name_plural": "微信账单",
                "ordering": ["-day", "kind"],
                "permissions": [("reconcile_bill", "下载账单并对账")],
                "indexes": [
                    models.Index(
                        condition=models.Q(("status__in", ["FETCHED", "EMPTY"]), _negated=True),
                        fields=["due_at"],
                        name="bill_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("day", "kind"), name="bill_once_a_day"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("fetched_at__isnull", False), ("status__in", ["FETCHED", "EMPTY"])),
                            models.Q(
                                models.Q(("status__in", ["FETCHED", "EMPTY"]), _negated=True),
                                ("fetched_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="bill_fetched_at_exactly_when_arrived",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status", "FETCHED"), ("lines_count", 0), _connector="OR"),
                        name="bill_has_lines_if_fetched",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BillLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="行号")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("PAYMENT", "收款"),
                            ("REFUND", "退款"),
                            ("REVOKED", "撤销"),
                            ("FEE", "手续费"),
                            ("TRANSFER", "商家转账"),
                            ("OTHER", "其他"),
                        ],
                        max_length=10,
                        verbose_name="类型",
                    ),
                ),
                ("said", models.CharField(blank=True, max_length=60, verbose_name="微信说明")),
                ("our_no", models.CharField(blank=True, max_length=64, verbose_name="商户单号")),
                ("wechat_no", models.CharField(blank=True, max_length=64, verbose_name="微信单号")),
                ("amount_fen", apps.base.fields.FenField(signed=True, verbose_name="金额（分）")),
                ("fee_millifen", models.BigIntegerField(default=0, verbose_name="手续费（千分之一分）")),
                ("at", models.DateTimeField(verbose_name="时间")),
                (
                    "bill",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="books.bill",
                        verbose_name="账单",
                    ),
                ),
            ],
            options={
                "verbose_name": "账单明细",
                "verbose_name_plural": "账单明细",
                "ordering": ["bill", "number"],
                "indexes": [models.Index(fields=["our_no", "kind"], name="bill_line_of_number")],
                "constraints": [models.UniqueConstraint(fields=("bill", "number"), name="bill_line_once")],
            },
        ),
        migrations.CreateModel(
            name="Case",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(verbose_name="账单日期")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("PAYMENT_UNKNOWN", "微信有收款，商城没有该支付单"),
                            ("PAYMENT_UNHEARD", "微信已收款，商城未收到"),
                            ("PAYMENT_AMOUNT", "收款金额不一致"),
                            ("PAYMENT_MISSING", "商城已收款，微信账单没有"),
                            ("REFUND_UNKNOWN", "微信有退款，商城没有该退款单"),
                            ("REFUND_AMOUNT", "退款金额不一致"),
                            ("REFUND_STATE", "退款状态不一致"),
                            ("REFUND_MISSING", "商城已退款，微信账单没有"),
                            ("FUND_UNEXPLAINED", "资金变动没有对应单据"),
                            ("FUND_AMOUNT", "资金变动金额不一致"),
                            ("FUND_OTHER", "其他资金变动，需说明"),
                        ],
                        max_length=20,
                        verbose_name="差异",
                    ),
                ),
                ("number", models.CharField(max_length=64, verbose_name="单号")),
                (
                    "wechat_fen",
                    apps.base.fields.FenField(null=True, signed=True, verbose_name="微信金额（分）"),
                ),
                (
                    "shop_fen",
                    apps.base.fields.FenField(null=True, signed=True, verbose_name="商城金额（分）"),
                ),
                ("evidence", models.CharField(max_length=200, verbose_name="依据")),
                (
                    "status",
                    models.CharField(
                        choices=[("OPEN", "待处理"), ("EXPLAINED", "已说明"), ("GONE", "已一致")],
                        default="OPEN",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("opened_at", models.DateTimeField(verbose_name="发现时间")),
                ("closed_at", models.DateTimeField(null=True, verbose_name="结案时间")),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="说明")),
                (
                    "operator",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="处理人",
                    ),
                ),
            ],
            options={
                "verbose_name": "对账差异",
                "verbose_name_plural": "对账差异",
                "ordering": ["-day", "-id"],
                "permissions": [("settle_case", "处理对账差异")],
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "OPEN")), fields=["day"], name="difference_open"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "number"), name="difference_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at__isnull", True), ("status", "OPEN")),
                            models.Q(
                                models.Q(("status", "OPEN"), _negated=True),
                                ("closed_at__gte", models.F("opened_at")),
                            ),
                            _connector="OR",
                        ),
                        name="difference_closed_at_exactly_when_closed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("operator__isnull", False),
                                ("status", "EXPLAINED"),
                                models.Q(("note", ""), _negated=True),
                            ),
                            models.Q(("status", "EXPLAINED"), _negated=True),
                            _connector="OR",
                        ),
                        name="difference_explained_by_somebody",
                    ),
                ],
            },
        ),
    ]
