"""What an insurer of freight gets for an order, from a day on."""

from django.db import migrations, models

import apps.base.fields
from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("books", "0002_double_entry"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="costrate",
            name="cost_rate_never_negative",
        ),
        migrations.AddField(
            model_name="costrate",
            name="insurance_fen",
            field=apps.base.fields.FenField(db_default=0, default=0, verbose_name="每单运费险保费（分）"),
        ),
        migrations.AlterField(
            model_name="journalentry",
            name="kind",
            field=models.CharField(
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
                    ("INSURED", "运费险保费"),
                    ("INSURER_PAID", "运费险理赔"),
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
                ],
                max_length=4,
                verbose_name="科目",
            ),
        ),
        migrations.AddConstraint(
            model_name="costrate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("insurance_fen__gte", 0), ("packing_fen__gte", 0), ("postage_fen__gte", 0)
                ),
                name="cost_rate_never_negative",
            ),
        ),
    ]
