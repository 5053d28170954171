"""Goods of a return on the shelf are an entry of the books, as those of an exchange are."""

from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("books", "0006_refunds_at_the_shop"),
    ]

    operations = [
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
                    ("REHEARSAL", "演示收款"),
                ],
                max_length=12,
                verbose_name="业务",
            ),
        ),
    ]
