"""The tables of card keys."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    initial = True

    dependencies = [
        ("catalog", "0009_what_is_delivered_as_cards"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CardBatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("batch_no", models.CharField(max_length=32, unique=True, verbose_name="批次号")),
                ("size", models.PositiveIntegerField(verbose_name="张数")),
                ("at", models.DateTimeField(verbose_name="导入时间")),
                (
                    "operator",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="操作人",
                    ),
                ),
            ],
            options={
                "verbose_name": "卡密批次",
                "verbose_name_plural": "卡密批次",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="CardKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.CharField(max_length=64, verbose_name="卡号")),
                ("sealed", models.TextField(blank=True, editable=False, verbose_name="卡密")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("AVAILABLE", "未售"),
                            ("SOLD", "已售出"),
                            ("REVOKED", "已收回"),
                            ("VOID", "已作废"),
                        ],
                        default="AVAILABLE",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("order_no", models.CharField(blank=True, default="", max_length=32, verbose_name="订单号")),
                ("sold_at", models.DateTimeField(null=True, verbose_name="售出时间")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="收回或作废时间")),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cards",
                        to="cardkeys.cardbatch",
                        verbose_name="批次",
                    ),
                ),
                (
                    "sku",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="card_keys",
                        to="catalog.sku",
                        verbose_name="SKU",
                    ),
                ),
            ],
            options={
                "verbose_name": "卡密",
                "verbose_name_plural": "卡密",
                "ordering": ["-id"],
                "permissions": [("reveal_cardkey", "查看卡密明文")],
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "AVAILABLE")),
                        fields=["sku", "id"],
                        name="card_key_to_sell",
                    ),
                    models.Index(
                        condition=models.Q(("order_no", ""), _negated=True),
                        fields=["order_no"],
                        name="card_key_of_order",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("sku", "number"), name="card_key_number_once_per_sku"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("order_no", ""),
                                ("sold_at__isnull", True),
                                ("status__in", ["AVAILABLE", "VOID"]),
                            ),
                            models.Q(
                                ("sold_at__isnull", False),
                                ("status__in", ["SOLD", "REVOKED"]),
                                models.Q(("order_no", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="card_key_of_an_order_exactly_when_sold",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", False), ("status__in", ["REVOKED", "VOID"])),
                            models.Q(("ended_at__isnull", True), ("status__in", ["AVAILABLE", "SOLD"])),
                            _connector="OR",
                        ),
                        name="card_key_ended_at_exactly_when_ended",
                    ),
                ],
            },
        ),
    ]
