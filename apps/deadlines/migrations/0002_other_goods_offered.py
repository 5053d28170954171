"""Other goods that are offered in the place of late ones."""

import django.db.models.deletion
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("catalog", "0010_freight_insurance"),
        ("deadlines", "0001_initial"),
        ("orders", "0023_delivery"),
    ]

    operations = [
        migrations.AlterField(
            model_name="delay",
            name="status",
            field=models.CharField(
                choices=[
                    ("ASKED", "待买家选择"),
                    ("WAITS", "买家同意等待"),
                    ("SILENT", "未答复，视为等待"),
                    ("REFUNDED", "买家选择退款"),
                    ("SWAPPED", "买家选择换货"),
                    ("VOID", "已失效"),
                ],
                default="ASKED",
                max_length=8,
                verbose_name="状态",
            ),
        ),
        migrations.CreateModel(
            name="DelayOffer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("was_title", models.CharField(max_length=80, verbose_name="原商品")),
                ("was_option_text", models.CharField(blank=True, max_length=120, verbose_name="原规格")),
                ("title", models.CharField(max_length=80, verbose_name="可换商品")),
                ("option_text", models.CharField(blank=True, max_length=120, verbose_name="可换规格")),
                ("chosen", models.BooleanField(default=False, verbose_name="买家已选")),
                (
                    "delay",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="offers",
                        to="deadlines.delay",
                        verbose_name="延迟发货",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orders.orderline",
                        verbose_name="订单商品",
                    ),
                ),
                (
                    "sku",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.sku",
                        verbose_name="可换 SKU",
                    ),
                ),
            ],
            options={
                "verbose_name": "延迟发货可换商品",
                "verbose_name_plural": "延迟发货可换商品",
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(fields=("delay", "sku"), name="delay_offer_once_per_sku"),
                    models.UniqueConstraint(
                        condition=models.Q(("chosen", True)),
                        fields=("delay", "line"),
                        name="delay_offer_one_chosen_per_line",
                    ),
                ],
            },
        ),
    ]
