"""An order remembers what it used beside stock: points, stored value, gifts; and warnings about its price."""

from __future__ import annotations

from django.db import migrations, models

import apps.base.fields
from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("catalog", "0003_product_video_kinds_and_creation"),
        ("members", "0004_growth_append_only"),
        ("orders", "0003_found_by_day"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="orderline",
            name="order_line_once_per_sku",
        ),
        migrations.AddField(
            model_name="order",
            name="balance_fen",
            field=apps.base.fields.FenField(default=0, verbose_name="储值支付（分）"),
        ),
        migrations.AddField(
            model_name="order",
            name="gifts",
            field=models.JSONField(default=list, verbose_name="赠品"),
        ),
        migrations.AddField(
            model_name="order",
            name="points_used",
            field=models.PositiveIntegerField(default=0, verbose_name="使用积分"),
        ),
        migrations.AddField(
            model_name="order",
            name="price_warnings",
            field=models.JSONField(default=list, verbose_name="价格提醒"),
        ),
        migrations.AddField(
            model_name="orderline",
            name="is_gift",
            field=models.BooleanField(default=False, verbose_name="赠品"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("balance_fen__gte", 0), ("balance_fen__lte", models.F("payable_fen"))),
                name="order_balance_within_payable",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.UniqueConstraint(
                fields=("order", "sku", "is_gift"), name="order_line_once_per_sku_and_gift"
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_gift", False), ("list_fen", 0), _connector="OR"),
                name="order_line_gift_is_free",
            ),
        ),
    ]
