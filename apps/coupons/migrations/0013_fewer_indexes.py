"""Indexes of foreign keys go where another index begins with the same column."""

import django.db.models.deletion
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("coupons", "0012_coupons_have_sums_of_their_own"),
        ("members", "0015_fewer_indexes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="couponmove",
            name="coupon",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="moves",
                to="coupons.coupon",
                verbose_name="优惠券",
            ),
        ),
        migrations.AlterField(
            model_name="tally",
            name="member",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                to="members.member",
                verbose_name="会员",
            ),
        ),
    ]
