"""What lines named before other goods took their place: append-only."""

import django.db.models.deletion
from django.db import migrations, models

import apps.base.fields
from apps.base import migrating
from apps.base.ledger import append_only


class Migration(migrating.Migration):
    dependencies = [
        ("catalog", "0010_freight_insurance"),
        ("orders", "0024_fewer_indexes"),
    ]

    operations = [
        migrations.CreateModel(
            name="LineSwap",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("cause", models.CharField(max_length=39, verbose_name="原因")),
                ("was_title", models.CharField(max_length=80, verbose_name="原商品")),
                ("was_option_text", models.CharField(blank=True, max_length=120, verbose_name="原规格")),
                ("was_cost_fen", apps.base.fields.FenField(null=True, verbose_name="原单件成本（分）")),
                ("at", models.DateTimeField(verbose_name="时间")),
                (
                    "line",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="swaps",
                        to="orders.orderline",
                        verbose_name="订单商品",
                    ),
                ),
                (
                    "now_sku",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.sku",
                        verbose_name="换成",
                    ),
                ),
                (
                    "was_sku",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.sku",
                        verbose_name="原 SKU",
                    ),
                ),
            ],
            options={
                "verbose_name": "订单换货",
                "verbose_name_plural": "订单换货",
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(fields=("line", "cause"), name="line_swap_once_per_cause"),
                    models.CheckConstraint(
                        condition=models.Q(("was_sku", models.F("now_sku")), _negated=True),
                        name="line_swap_for_another_sku",
                    ),
                ],
            },
        ),
        append_only("orders_lineswap"),
    ]
