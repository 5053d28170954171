"""A coupon may have a sum of its own, and come of a packet."""

from django.db import migrations, models

import apps.base.fields
from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("coupons", "0011_templates_of_skus"),
        ("members", "0011_promoter_agreement"),
    ]

    operations = [
        migrations.AddField(
            model_name="coupon",
            name="own_off_fen",
            field=apps.base.fields.FenField(blank=True, null=True, verbose_name="本券面额（分）"),
        ),
        migrations.AlterField(
            model_name="coupon",
            name="way",
            field=models.CharField(
                choices=[
                    ("CLAIM", "领取"),
                    ("CODE", "兑换码"),
                    ("PROMO", "推广码"),
                    ("REGISTRATION", "新人礼包"),
                    ("FIRST_ORDER", "首单赠送"),
                    ("ORDER_GIFT", "订单赠送"),
                    ("JOB", "批量发放"),
                    ("POINTS", "积分兑换"),
                    ("COMPENSATION", "补偿"),
                    ("PACKET", "立减金"),
                    ("OTHER", "其他"),
                ],
                max_length=12,
                verbose_name="来源",
            ),
        ),
        migrations.AddConstraint(
            model_name="coupon",
            constraint=models.CheckConstraint(
                condition=models.Q(("own_off_fen__isnull", True), ("own_off_fen__gte", 1), _connector="OR"),
                name="coupon_own_sum_positive",
            ),
        ),
    ]
