"""What was refunded of an order: units of its lines, so much money to each source, once a token."""

from __future__ import annotations

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import apps.base.fields
from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("catalog", "0004_pictures_of_five_megabytes"),
        ("members", "0004_growth_append_only"),
        ("orders", "0004_what_an_order_uses"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="OrderRefund",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("refund_no", models.CharField(max_length=32, unique=True, verbose_name="售后退款单号")),
                ("token", models.CharField(max_length=64, verbose_name="请求标识")),
                ("reason", models.CharField(max_length=80, verbose_name="退款原因")),
                ("goods_fen", apps.base.fields.FenField(verbose_name="退商品金额（分）")),
                ("shipping_fen", apps.base.fields.FenField(verbose_name="退运费（分）")),
                ("wechat_fen", apps.base.fields.FenField(verbose_name="退至微信（分）")),
                ("balance_fen", apps.base.fields.FenField(verbose_name="退至储值（分）")),
                ("units_unsent", models.PositiveIntegerField(verbose_name="未发出件数")),
                ("units_sent", models.PositiveIntegerField(verbose_name="已发出件数")),
                ("points_back", models.PositiveBigIntegerField(default=0, verbose_name="退回积分")),
                ("points_taken", models.PositiveBigIntegerField(default=0, verbose_name="扣回积分")),
                ("points_short", models.PositiveBigIntegerField(default=0, verbose_name="记为欠积分")),
                ("growth_taken", models.PositiveIntegerField(default=0, verbose_name="扣回成长值")),
                ("coupons_revoked", models.PositiveIntegerField(default=0, verbose_name="收回赠券")),
                ("coupons_spent", models.JSONField(default=list, verbose_name="已使用的赠券")),
                ("at", models.DateTimeField(verbose_name="时间")),
            ],
            options={
                "verbose_name": "售后退款",
                "verbose_name_plural": "售后退款",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="OrderRefundLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("units", models.PositiveIntegerField(verbose_name="件数")),
                ("units_sent", models.PositiveIntegerField(verbose_name="其中已发出")),
                ("restocked", models.PositiveIntegerField(verbose_name="退回库存")),
                ("amount_fen", apps.base.fields.FenField(verbose_name="金额（分）")),
            ],
            options={
                "verbose_name": "售后退款商品",
                "verbose_name_plural": "售后退款商品",
                "ordering": ["id"],
            },
        ),
        migrations.AddField(
            model_name="order",
            name="refunded_fen",
            field=apps.base.fields.FenField(db_default=0, default=0, verbose_name="已退款（分）"),
        ),
        migrations.AddField(
            model_name="orderline",
            name="refunded",
            field=models.PositiveIntegerField(db_default=0, default=0, verbose_name="已退"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("refunded_fen__gte", 0), ("refunded_fen__lte", models.F("payable_fen"))),
                name="order_refunded_within_payable",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(("refunded__lte", models.F("quantity"))),
                name="order_line_refunded_within_quantity",
            ),
        ),
        migrations.AddField(
            model_name="orderrefund",
            name="operator",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to=settings.AUTH_USER_MODEL,
                verbose_name="操作人",
            ),
        ),
        migrations.AddField(
            model_name="orderrefund",
            name="order",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="refunds",
                to="orders.order",
                verbose_name="订单",
            ),
        ),
        migrations.AddField(
            model_name="orderrefundline",
            name="order_line",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="refund_lines",
                to="orders.orderline",
                verbose_name="订单商品",
            ),
        ),
        migrations.AddField(
            model_name="orderrefundline",
            name="refund",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lines",
                to="orders.orderrefund",
                verbose_name="售后退款",
            ),
        ),
        migrations.AddIndex(
            model_name="orderrefund",
            index=models.Index(fields=["at"], name="order_refund_since"),
        ),
        migrations.AddConstraint(
            model_name="orderrefund",
            constraint=models.UniqueConstraint(fields=("token",), name="order_refund_once_per_token"),
        ),
        migrations.AddConstraint(
            model_name="orderrefund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "wechat_fen",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                models.F("goods_fen"), "+", models.F("shipping_fen")
                            ),
                            "-",
                            models.F("balance_fen"),
                        ),
                    )
                ),
                name="order_refund_sum_adds_up",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderrefund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("balance_fen__gte", 0),
                    ("goods_fen__gte", 0),
                    ("shipping_fen__gte", 0),
                    ("wechat_fen__gte", 0),
                ),
                name="order_refund_never_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderrefund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("units_unsent__gte", 1),
                    ("units_sent__gte", 1),
                    models.Q(("goods_fen", 0), ("shipping_fen__gte", 1)),
                    _connector="OR",
                ),
                name="order_refund_of_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderrefund",
            constraint=models.CheckConstraint(
                condition=models.Q(("points_short__lte", models.F("points_taken"))),
                name="order_refund_short_of_what_was_taken",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderrefundline",
            constraint=models.UniqueConstraint(
                fields=("refund", "order_line"), name="order_refund_line_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="orderrefundline",
            constraint=models.CheckConstraint(
                condition=models.Q(("units__gte", 1), ("units_sent__lte", models.F("units"))),
                name="order_refund_line_of_units",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderrefundline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "restocked__gte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("units"), "-", models.F("units_sent")
                        ),
                    ),
                    ("restocked__lte", models.F("units")),
                ),
                name="order_refund_line_unsent_restocked",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderrefundline",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_fen__gte", 0)), name="order_refund_line_never_negative"
            ),
        ),
    ]
