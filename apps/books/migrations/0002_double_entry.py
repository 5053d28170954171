"""The double-entry books: entries that balance, append-only; days that are closed; what sending costs."""

import django.db.models.deletion
from django.db import migrations, models

import apps.base.fields
from apps.base import migrating
from apps.base.ledger import append_only

_BALANCES = """
CREATE FUNCTION books_entry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    told bigint := CASE TG_TABLE_NAME WHEN 'books_journalentry' THEN (to_jsonb(NEW) ->> 'id')::bigint
                                      ELSE (to_jsonb(NEW) ->> 'entry_id')::bigint END;
    lines bigint;
    more numeric;
BEGIN
    SELECT count(*), sum(debit_fen) - sum(credit_fen) INTO lines, more FROM books_journalline WHERE entry_id = told;
    IF lines < 2 OR more <> 0 THEN
        RAISE EXCEPTION 'entry % has % lines, debits less credits %', told, lines, more
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_entry_balances';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER journal_entry_balances AFTER INSERT ON books_journalentry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION books_entry_balances();
CREATE CONSTRAINT TRIGGER journal_line_balances AFTER INSERT ON books_journalline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION books_entry_balances();
"""
_NO_BALANCES = """
DROP TRIGGER journal_line_balances ON books_journalline;
DROP TRIGGER journal_entry_balances ON books_journalentry;
DROP FUNCTION books_entry_balances();
"""


class Migration(migrating.Migration):
    dependencies = [
        ("books", "0001_bills"),
    ]

    operations = [
        migrations.AddField(
            model_name="bill",
            name="voucher_fen",
            field=apps.base.fields.FenField(
                db_default=0, default=0, signed=True, verbose_name="代金券（分）"
            ),
        ),
        migrations.CreateModel(
            name="BookDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(unique=True, verbose_name="日期")),
                ("points_per_yuan", models.PositiveIntegerField(verbose_name="多少积分折 1 元")),
                ("closed_at", models.DateTimeField(verbose_name="结账时间")),
            ],
            options={
                "verbose_name": "入账日",
                "verbose_name_plural": "入账日",
                "ordering": ["-day"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("points_per_yuan__gte", 1)), name="book_day_points_have_worth"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CostRate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateField(unique=True, verbose_name="生效日期")),
                ("postage_fen", apps.base.fields.FenField(default=0, verbose_name="每个包裹邮费（分）")),
                ("packing_fen", apps.base.fields.FenField(default=0, verbose_name="每个包裹包装费（分）")),
                ("fee_bp", models.PositiveIntegerField(default=60, verbose_name="微信费率（万分比）")),
            ],
            options={
                "verbose_name": "成本费率",
                "verbose_name_plural": "成本费率",
                "ordering": ["-since"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("fee_bp__lte", 1000)), name="cost_rate_fee_is_small"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("packing_fen__gte", 0), ("postage_fen__gte", 0)),
                        name="cost_rate_never_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="JournalEntry",
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
                            ("PAYMENT", "微信收款"),
                            ("REFUND", "退款到账"),
                            ("WRITTEN_BACK", "退款冲回"),
                            ("WALLET", "储值变动"),
                            ("COMMISSION", "佣金变动"),
                            ("SALE", "发货确认收入"),
                            ("ORDER_REFUND", "订单退款"),
                            ("DEPOSIT", "定金了结"),
                            ("PARCEL", "包裹寄出"),
                            ("RESEND", "售后新包裹"),
                            ("EXCHANGED", "换货退回入库"),
                            ("POINTS_EARN", "积分发放"),
                            ("POINTS_USE", "积分使用与退回"),
                            ("POINTS_TAKE", "积分扣回与扣除"),
                            ("POINTS_GONE", "积分过期"),
                            ("POINTS_RATE", "积分价值重估"),
                            ("FEE", "微信手续费与代金券"),
                            ("FUND", "微信资金账单"),
                            ("REHEARSAL", "演示收款"),
                        ],
                        max_length=12,
                        verbose_name="业务",
                    ),
                ),
                ("business_key", models.CharField(max_length=80, verbose_name="业务键")),
                ("revision", models.PositiveSmallIntegerField(default=0, verbose_name="更正次数")),
                ("day", models.DateField(verbose_name="日期")),
                ("occurred_at", models.DateTimeField(verbose_name="发生时间")),
                ("order_no", models.CharField(blank=True, max_length=32, verbose_name="订单号")),
                ("number", models.CharField(blank=True, max_length=64, verbose_name="单号")),
                ("posted_at", models.DateTimeField(verbose_name="入账时间")),
            ],
            options={
                "verbose_name": "会计凭证",
                "verbose_name_plural": "会计凭证",
                "ordering": ["-day", "-id"],
                "permissions": [("export_journalentry", "导出账簿、报表与订单利润")],
                "indexes": [
                    models.Index(fields=["-day", "-id"], name="journal_entry_by_day"),
                    models.Index(fields=["kind", "-day", "-id"], name="journal_entry_by_kind"),
                    models.Index(
                        condition=models.Q(("order_no", ""), _negated=True),
                        fields=["order_no"],
                        name="journal_entry_of_order",
                    ),
                    models.Index(
                        condition=models.Q(("number", ""), _negated=True),
                        fields=["number"],
                        name="journal_entry_of_number",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("business_key", "revision"), name="journal_entry_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="SoldOrder",
            fields=[],
            options={
                "verbose_name": "订单利润",
                "verbose_name_plural": "订单利润",
                "ordering": ["-day", "-id"],
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("books.journalentry",),
        ),
        migrations.CreateModel(
            name="JournalLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "account",
                    models.CharField(
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
                        ],
                        max_length=4,
                        verbose_name="科目",
                    ),
                ),
                ("day", models.DateField(verbose_name="日期")),
                ("debit_fen", apps.base.fields.FenField(default=0, verbose_name="借方（分）")),
                ("credit_fen", apps.base.fields.FenField(default=0, verbose_name="贷方（分）")),
                (
                    "entry",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="books.journalentry",
                        verbose_name="会计凭证",
                    ),
                ),
            ],
            options={
                "verbose_name": "凭证分录",
                "verbose_name_plural": "凭证分录",
                "ordering": ["entry", "id"],
                "indexes": [
                    models.Index(
                        fields=["day", "account"],
                        include=("debit_fen", "credit_fen"),
                        name="journal_line_by_day",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("entry", "account"), name="journal_line_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("credit_fen", 0), ("debit_fen__gte", 1)),
                            models.Q(("credit_fen__gte", 1), ("debit_fen", 0)),
                            _connector="OR",
                        ),
                        name="journal_line_debit_or_credit",
                    ),
                ],
            },
        ),
        append_only("books_journalentry"),
        append_only("books_journalline"),
        migrations.RunSQL(_BALANCES, _NO_BALANCES),
    ]
