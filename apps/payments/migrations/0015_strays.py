"""Money that is none of ours is a payment of its own kind."""

from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("payments", "0014_refunds_at_the_shop_since"),
    ]

    operations = [
        migrations.AlterField(
            model_name="payment",
            name="surplus_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("LATE", "订单已关闭后付款"),
                    ("OVERDUE", "支付时间结束后付款"),
                    ("DOUBLE", "重复付款"),
                    ("AMOUNT", "金额不符"),
                    ("REFUNDED", "商户平台已退款"),
                    ("RECHARGE_LATE", "充值单已关闭后付款"),
                    ("WALLET_OFF", "储值功能已关闭"),
                    ("STRAY", "非商城收款"),
                ],
                max_length=40,
                verbose_name="异常原因",
            ),
        ),
    ]
