"""The tables of invoices."""

import django.db.models.deletion
from django.db import migrations, models

import apps.base.fields
import apps.base.private
from apps.base import migrating


class Migration(migrating.Migration):
    initial = True

    dependencies = [
        ("members", "0013_every_group_has_a_code"),
        ("orders", "0020_found_in_a_time"),
    ]

    operations = [
        migrations.CreateModel(
            name="InvoiceRules",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "enabled",
                    models.BooleanField(
                        default=True,
                        help_text="关闭后买家不能申请，已申请的照常办理",
                        verbose_name="开放申请",
                    ),
                ),
                (
                    "apply_days",
                    models.PositiveSmallIntegerField(
                        default=30,
                        help_text="确认收货后多少天内可以申请；驳回或红冲后重新计算",
                        verbose_name="申请期限（天）",
                    ),
                ),
                ("provider", models.CharField(default="manual", max_length=20, verbose_name="开票方式")),
            ],
            options={
                "verbose_name": "发票规则",
                "verbose_name_plural": "发票规则",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="invoice_rules_one_row")
                ],
            },
        ),
        migrations.CreateModel(
            name="Invoice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("invoice_no", models.CharField(max_length=32, unique=True, verbose_name="申请单号")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("APPLIED", "待开票"),
                            ("ISSUED", "已开票"),
                            ("REFUSED", "已驳回"),
                            ("REVERSED", "已红冲"),
                        ],
                        default="APPLIED",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("PERSONAL", "个人"), ("COMPANY", "企业")],
                        max_length=10,
                        verbose_name="抬头类型",
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=100, verbose_name="抬头名称")),
                ("tax_no", models.CharField(blank=True, max_length=18, verbose_name="税号")),
                ("email", models.CharField(blank=True, max_length=254, verbose_name="邮箱")),
                ("asked_fen", apps.base.fields.FenField(verbose_name="申请时金额（分）")),
                ("amount_fen", apps.base.fields.FenField(verbose_name="发票金额（分）")),
                ("waits_since", models.DateTimeField(null=True, verbose_name="等待商家自")),
                ("applied_at", models.DateTimeField(verbose_name="申请时间")),
                ("issued_at", models.DateTimeField(null=True, verbose_name="开具时间")),
                ("number", models.CharField(blank=True, max_length=20, verbose_name="发票号码")),
                ("code", models.CharField(blank=True, max_length=12, verbose_name="发票代码")),
                ("issued_on", models.DateField(null=True, verbose_name="开票日期")),
                (
                    "file",
                    models.FileField(
                        blank=True,
                        max_length=200,
                        storage=apps.base.private.PrivateStorage(),
                        upload_to="invoices",
                        verbose_name="发票文件",
                    ),
                ),
                (
                    "file_kind",
                    models.CharField(
                        blank=True,
                        choices=[("pdf", "PDF"), ("ofd", "OFD")],
                        max_length=3,
                        verbose_name="文件类型",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=100, verbose_name="原因")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="驳回或红冲时间")),
                ("red_number", models.CharField(blank=True, max_length=20, verbose_name="红字发票号码")),
                ("red_on", models.DateField(null=True, verbose_name="红字开票日期")),
                ("erased_at", models.DateTimeField(null=True, verbose_name="清空时间")),
                (
                    "member",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoices",
                        to="members.member",
                        verbose_name="会员",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoices",
                        to="orders.order",
                        verbose_name="订单",
                    ),
                ),
            ],
            options={
                "verbose_name": "发票",
                "verbose_name_plural": "发票",
                "ordering": ["-id"],
                "permissions": [("issue_invoice", "开具、驳回、红冲发票"), ("export_invoice", "导出发票")],
                "indexes": [
                    models.Index(fields=["member", "-id"], name="invoice_of_member"),
                    models.Index(
                        condition=models.Q(("waits_since__isnull", False)),
                        fields=["waits_since"],
                        name="invoice_waiting",
                    ),
                    models.Index(
                        condition=models.Q(("erased_at__isnull", True)),
                        fields=["applied_at"],
                        name="invoice_with_title",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ["APPLIED", "ISSUED"])),
                        fields=("order",),
                        name="invoice_one_live_per_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount_fen__gte", 1), ("amount_fen__lte", models.F("asked_fen"))
                        ),
                        name="invoice_amount_within_asked",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("issued_at__isnull", False),
                                ("issued_on__isnull", False),
                                models.Q(("number", ""), _negated=True),
                                ("status__in", ["ISSUED", "REVERSED"]),
                            ),
                            models.Q(
                                ("issued_at__isnull", True),
                                ("issued_on__isnull", True),
                                ("number", ""),
                                ("status__in", ["APPLIED", "REFUSED"]),
                            ),
                            _connector="OR",
                        ),
                        name="invoice_number_exactly_when_issued",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("ended_at__isnull", True),
                                ("reason", ""),
                                ("status__in", ["APPLIED", "ISSUED"]),
                            ),
                            models.Q(
                                ("ended_at__isnull", False),
                                models.Q(("reason", ""), _negated=True),
                                models.Q(("status__in", ["APPLIED", "ISSUED"]), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="invoice_ended_with_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "APPLIED"), ("waits_since__isnull", False)),
                            models.Q(
                                ("red_number", ""), ("status", "REVERSED"), ("waits_since__isnull", False)
                            ),
                            models.Q(("status__in", ["ISSUED", "REFUSED"]), ("waits_since__isnull", True)),
                            models.Q(
                                ("status", "REVERSED"),
                                ("waits_since__isnull", True),
                                models.Q(("red_number", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="invoice_waits_exactly_for_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("red_number", ""), ("red_on__isnull", True)),
                            models.Q(
                                ("red_on__isnull", False),
                                ("status", "REVERSED"),
                                models.Q(("red_number", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="invoice_red_letter_of_reversed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="InvoiceTitle",
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
                        choices=[("PERSONAL", "个人"), ("COMPANY", "企业")],
                        max_length=10,
                        verbose_name="类型",
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="名称")),
                ("tax_no", models.CharField(blank=True, max_length=18, verbose_name="税号")),
                ("email", models.CharField(blank=True, max_length=254, verbose_name="邮箱")),
                ("added_at", models.DateTimeField(verbose_name="添加时间")),
                (
                    "member",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoice_titles",
                        to="members.member",
                        verbose_name="会员",
                    ),
                ),
            ],
            options={
                "verbose_name": "发票抬头",
                "verbose_name_plural": "发票抬头",
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["member", "-id"], name="invoice_title_of_member")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "COMPANY"), models.Q(("tax_no", ""), _negated=True)),
                            models.Q(("kind", "PERSONAL"), ("tax_no", "")),
                            _connector="OR",
                        ),
                        name="invoice_title_tax_no_of_companies",
                    )
                ],
            },
        ),
    ]
