"""Whether an insurer pays for sending back, as products say."""

from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("catalog", "0009_what_is_delivered_as_cards"),
    ]

    operations = [
        migrations.AddField(
            model_name="product",
            name="freight_insurance",
            field=models.CharField(
                choices=[
                    ("NONE", "无运费险"),
                    ("MERCHANT", "商家赠送退货运费险"),
                    ("SHOPPER", "可自费购买退货运费险"),
                ],
                db_default="NONE",
                default="NONE",
                help_text="下单前展示并记入订单；保单在保险公司或微信商户平台办理，商城只作记录，不代收保费",
                max_length=10,
                verbose_name="退货运费险",
            ),
        ),
    ]
