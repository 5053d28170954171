"""What is done about the money of a difference: given back, or booked."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import apps.base.fields
from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("books", "0007_goods_back"),
        ("payments", "0015_strays"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Remedy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "way",
                    models.CharField(
                        choices=[("REFUND", "原路退款"), ("BOOK", "入账"), ("UNBOOK", "冲销入账")],
                        max_length=6,
                        verbose_name="方式",
                    ),
                ),
                ("amount_fen", apps.base.fields.FenField(signed=True, verbose_name="金额（分）")),
                (
                    "base",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("1001", "银行存款与线下收付"),
                            ("1002", "微信支付账户"),
                            ("1122", "微信待结算"),
                            ("1221", "微信其他资金变动"),
                            ("1405", "库存商品"),
                            ("2001", "储值负债"),
                            ("2002", "积分负债"),
                            ("2003", "应付佣金"),
                            ("2004", "预收款（待发货、定金）"),
                            ("2005", "应退款"),
                            ("2006", "充值待入账"),
                            ("2202", "应付邮费与包装"),
                            ("2203", "应付运费险保费"),
                            ("2241", "其他应付款（代收、待查款）"),
                            ("6001", "销售收入"),
                            ("6002", "运费收入"),
                            ("6101", "优惠券折让"),
                            ("6102", "活动折让"),
                            ("6103", "积分抵扣"),
                            ("6104", "商品退款"),
                            ("6105", "运费退款"),
                            ("6301", "其他收入（不退定金、冲回退款）"),
                            ("6401", "商品成本"),
                            ("6601", "邮费"),
                            ("6602", "包装"),
                            ("6603", "佣金费用"),
                            ("6604", "积分费用"),
                            ("6605", "储值赠送"),
                            ("6606", "微信手续费"),
                            ("6607", "微信代金券（商户承担）"),
                            ("6608", "储值人工调整"),
                            ("6609", "退货运费险（保费减理赔）"),
                            ("6711", "其他支出（差错、赔付）"),
                        ],
                        max_length=4,
                        verbose_name="转出科目",
                    ),
                ),
                (
                    "account",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("1001", "银行存款与线下收付"),
                            ("1002", "微信支付账户"),
                            ("1122", "微信待结算"),
                            ("1221", "微信其他资金变动"),
                            ("1405", "库存商品"),
                            ("2001", "储值负债"),
                            ("2002", "积分负债"),
                            ("2003", "应付佣金"),
                            ("2004", "预收款（待发货、定金）"),
                            ("2005", "应退款"),
                            ("2006", "充值待入账"),
                            ("2202", "应付邮费与包装"),
                            ("2203", "应付运费险保费"),
                            ("2241", "其他应付款（代收、待查款）"),
                            ("6001", "销售收入"),
                            ("6002", "运费收入"),
                            ("6101", "优惠券折让"),
                            ("6102", "活动折让"),
                            ("6103", "积分抵扣"),
                            ("6104", "商品退款"),
                            ("6105", "运费退款"),
                            ("6301", "其他收入（不退定金、冲回退款）"),
                            ("6401", "商品成本"),
                            ("6601", "邮费"),
                            ("6602", "包装"),
                            ("6603", "佣金费用"),
                            ("6604", "积分费用"),
                            ("6605", "储值赠送"),
                            ("6606", "微信手续费"),
                            ("6607", "微信代金券（商户承担）"),
                            ("6608", "储值人工调整"),
                            ("6609", "退货运费险（保费减理赔）"),
                            ("6711", "其他支出（差错、赔付）"),
                        ],
                        max_length=4,
                        verbose_name="入账科目",
                    ),
                ),
                ("reason", models.CharField(max_length=80, verbose_name="原因")),
                ("refund_no", models.CharField(blank=True, max_length=64, verbose_name="退款单号")),
                ("takes_two", models.BooleanField(verbose_name="须复核")),
                ("asked_at", models.DateTimeField(verbose_name="申请时间")),
                ("answered_at", models.DateTimeField(null=True, verbose_name="复核时间")),
                ("granted", models.BooleanField(null=True, verbose_name="是否同意")),
            ],
            options={
                "verbose_name": "对账处理",
                "verbose_name_plural": "对账处理",
                "ordering": ["-id"],
            },
        ),
        migrations.AlterModelOptions(
            name="case",
            options={
                "ordering": ["-day", "-id"],
                "permissions": [
                    ("settle_case", "处理对账差异"),
                    ("refund_case", "非商城收款原路退款"),
                    ("book_case", "对账差异入账"),
                ],
                "verbose_name": "对账差异",
                "verbose_name_plural": "对账差异",
            },
        ),
        migrations.AddField(
            model_name="billline",
            name="paid_no",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=64, verbose_name="原支付的微信单号"
            ),
        ),
        migrations.AlterField(
            model_name="case",
            name="status",
            field=models.CharField(
                choices=[
                    ("OPEN", "待处理"),
                    ("EXPLAINED", "已说明"),
                    ("GONE", "已一致"),
                    ("RETURNED", "已转退款"),
                    ("BOOKED", "已入账"),
                ],
                default="OPEN",
                max_length=10,
                verbose_name="状态",
            ),
        ),
        migrations.AlterField(
            model_name="journalentry",
            name="kind",
            field=models.CharField(
                choices=[
                    ("PAYMENT", "微信收款"),
                    ("REFUND", "退款到账"),
                    ("WRITTEN_BACK", "退款冲回"),
                    ("AT_SHOP", "退款退回商户"),
                    ("WALLET", "储值变动"),
                    ("COMMISSION", "佣金变动"),
                    ("SALE", "发货确认收入"),
                    ("ORDER_REFUND", "订单退款"),
                    ("DEPOSIT", "定金了结"),
                    ("PARCEL", "包裹寄出"),
                    ("RESEND", "售后新包裹"),
                    ("EXCHANGED", "退换货入库"),
                    ("INSURED", "运费险保费"),
                    ("INSURER_PAID", "运费险理赔"),
                    ("POINTS_EARN", "积分发放"),
                    ("POINTS_USE", "积分使用与退回"),
                    ("POINTS_TAKE", "积分扣回与扣除"),
                    ("POINTS_GONE", "积分过期"),
                    ("POINTS_RATE", "积分价值重估"),
                    ("FEE", "微信手续费与代金券"),
                    ("FUND", "微信资金账单"),
                    ("STRAY", "非商城收款"),
                    ("CASE", "对账差异入账"),
                    ("CARRIAGE", "线下补偿退货运费"),
                    ("REHEARSAL", "演示收款"),
                ],
                max_length=12,
                verbose_name="业务",
            ),
        ),
        migrations.AlterField(
            model_name="journalline",
            name="account",
            field=models.CharField(
                choices=[
                    ("1001", "银行存款与线下收付"),
                    ("1002", "微信支付账户"),
                    ("1122", "微信待结算"),
                    ("1221", "微信其他资金变动"),
                    ("1405", "库存商品"),
                    ("2001", "储值负债"),
                    ("2002", "积分负债"),
                    ("2003", "应付佣金"),
                    ("2004", "预收款（待发货、定金）"),
                    ("2005", "应退款"),
                    ("2006", "充值待入账"),
                    ("2202", "应付邮费与包装"),
                    ("2203", "应付运费险保费"),
                    ("2241", "其他应付款（代收、待查款）"),
                    ("6001", "销售收入"),
                    ("6002", "运费收入"),
                    ("6101", "优惠券折让"),
                    ("6102", "活动折让"),
                    ("6103", "积分抵扣"),
                    ("6104", "商品退款"),
                    ("6105", "运费退款"),
                    ("6301", "其他收入（不退定金、冲回退款）"),
                    ("6401", "商品成本"),
                    ("6601", "邮费"),
                    ("6602", "包装"),
                    ("6603", "佣金费用"),
                    ("6604", "积分费用"),
                    ("6605", "储值赠送"),
                    ("6606", "微信手续费"),
                    ("6607", "微信代金券（商户承担）"),
                    ("6608", "储值人工调整"),
                    ("6609", "退货运费险（保费减理赔）"),
                    ("6711", "其他支出（差错、赔付）"),
                ],
                max_length=4,
                verbose_name="科目",
            ),
        ),
        migrations.AddField(
            model_name="remedy",
            name="answered_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="复核人",
            ),
        ),
        migrations.AddField(
            model_name="remedy",
            name="asked_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="申请人",
            ),
        ),
        migrations.AddField(
            model_name="remedy",
            name="case",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="remedies",
                to="books.case",
                verbose_name="对账差异",
            ),
        ),
        migrations.AddField(
            model_name="remedy",
            name="undoes",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="undone_by",
                to="books.remedy",
                verbose_name="冲销",
            ),
        ),
        migrations.AddIndex(
            model_name="remedy",
            index=models.Index(
                condition=models.Q(("granted", True)), fields=["answered_at"], name="remedy_granted_in"
            ),
        ),
        migrations.AddConstraint(
            model_name="remedy",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="remedy_has_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="remedy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("account", ""),
                        ("amount_fen__gte", 1),
                        ("base", ""),
                        ("takes_two", True),
                        ("way", "REFUND"),
                    ),
                    models.Q(
                        models.Q(("way", "REFUND"), _negated=True),
                        models.Q(("amount_fen", 0), _negated=True),
                        models.Q(("base", ""), _negated=True),
                        models.Q(("account", ""), _negated=True),
                        models.Q(("base", models.F("account")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="remedy_says_what_moves",
            ),
        ),
        migrations.AddConstraint(
            model_name="remedy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("takes_two", False),
                    ("answered_by__isnull", True),
                    models.Q(("answered_by", models.F("asked_by")), _negated=True),
                    _connector="OR",
                ),
                name="remedy_takes_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="remedy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("answered_at__isnull", True),
                        ("answered_by__isnull", True),
                        ("granted__isnull", True),
                    ),
                    models.Q(
                        ("answered_at__isnull", False),
                        ("answered_by__isnull", False),
                        ("granted__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="remedy_answered_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="remedy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("refund_no", ""), models.Q(("granted", True), ("way", "REFUND")), _connector="OR"
                ),
                name="remedy_refunds_once_granted",
            ),
        ),
        migrations.AddConstraint(
            model_name="remedy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("undoes__isnull", False), ("way", "UNBOOK")),
                    models.Q(models.Q(("way", "UNBOOK"), _negated=True), ("undoes__isnull", True)),
                    _connector="OR",
                ),
                name="remedy_undoes_a_booking",
            ),
        ),
        migrations.AddConstraint(
            model_name="remedy",
            constraint=models.UniqueConstraint(
                condition=models.Q(("answered_at__isnull", True)), fields=("case",), name="remedy_one_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="remedy",
            constraint=models.UniqueConstraint(
                condition=models.Q(("granted", True)), fields=("undoes",), name="remedy_undone_once"
            ),
        ),
    ]
