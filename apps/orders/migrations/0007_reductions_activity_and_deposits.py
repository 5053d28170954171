"""What was taken off an order as rows, the activity that it is of, and deposits.

Constraints of the order are added without looking at the rows that are there, which 0008 does without a lock on them.
"""

from __future__ import annotations

import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import Q

import apps.base.fields
from apps.base import migrating
from apps.base.ledger import append_only

_PAID_AT = Q(paid_at__isnull=True, status__in=["UNPAID", "RESERVED", "CLOSED"]) | Q(
    paid_at__isnull=False, status__in=["GATHERING", "PAID", "SHIPPED", "RECEIVED", "REFUNDED"]
)
_RESERVED_AT = (
    Q(reserved_at__isnull=False, status="RESERVED")
    | Q(reserved_at__isnull=True, status__in=["UNPAID", "GATHERING"])
    | ~Q(status__in=["UNPAID", "RESERVED", "GATHERING"])
)
_STATUSES = [
    ("UNPAID", "待付款"),
    ("RESERVED", "已付定金"),
    ("GATHERING", "拼团中"),
    ("PAID", "待发货"),
    ("SHIPPED", "待收货"),
    ("RECEIVED", "已完成"),
    ("CLOSED", "已关闭"),
    ("REFUNDED", "已退款"),
]


class Migration(migrating.Migration):
    dependencies = [
        ("members", "0005_groups"),
        ("orders", "0006_refunds_append_only"),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="activity",
            field=models.JSONField(blank=True, null=True, verbose_name="营销活动"),
        ),
        migrations.AddField(
            model_name="order",
            name="reserved_at",
            field=models.DateTimeField(null=True, verbose_name="付定金时间"),
        ),
        migrations.AlterField(
            model_name="order",
            name="status",
            field=models.CharField(choices=_STATUSES, default="UNPAID", max_length=10, verbose_name="状态"),
        ),
        migrations.RemoveConstraint(model_name="order", name="order_paid_at_exactly_when_paid"),
        AddConstraintNotValid(
            model_name="order",
            constraint=models.CheckConstraint(condition=_PAID_AT, name="order_paid_at_exactly_when_paid"),
        ),
        AddConstraintNotValid(
            model_name="order",
            constraint=models.CheckConstraint(condition=_RESERVED_AT, name="order_reserved_at_when_reserved"),
        ),
        migrations.CreateModel(
            name="Reduction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=20, verbose_name="优惠类型")),
                ("key", models.CharField(blank=True, max_length=40, verbose_name="优惠编号")),
                ("amount_fen", apps.base.fields.FenField(verbose_name="优惠金额（分）")),
                (
                    "line",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reduction_rows",
                        to="orders.orderline",
                        verbose_name="订单商品",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reductions",
                        to="orders.order",
                        verbose_name="订单",
                    ),
                ),
            ],
            options={
                "verbose_name": "订单优惠",
                "verbose_name_plural": "订单优惠",
                "ordering": ["id"],
                "indexes": [models.Index(fields=["kind", "key", "order"], name="reduction_by_offer")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("order", "line", "kind", "key"), nulls_distinct=False, name="reduction_once"
                    ),
                    models.CheckConstraint(condition=Q(amount_fen__gte=1), name="reduction_of_something"),
                ],
            },
        ),
        append_only("orders_reduction"),
    ]
