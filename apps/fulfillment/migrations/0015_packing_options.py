"""What shoppers may have their orders wrapped in, for money."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import apps.base.fields
import apps.pictures.fields
from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("catalog", "0012_packing"),
        ("fulfillment", "0014_uploads_of_virtual_orders"),
    ]

    operations = [
        migrations.CreateModel(
            name="PackingOption",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=30, unique=True, verbose_name="名称")),
                (
                    "text",
                    models.CharField(
                        blank=True, help_text="可不填，买家选择时看到", max_length=60, verbose_name="说明"
                    ),
                ),
                ("image", apps.pictures.fields.PictureField(upload_to="products/", verbose_name="图片")),
                ("price_fen", apps.base.fields.FenField(default=0, verbose_name="价格（分）")),
                ("cost_fen", apps.base.fields.FenField(blank=True, null=True, verbose_name="成本（分）")),
                (
                    "message_most",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="0 表示没有贺卡；最多 200 字，打印在装箱单上",
                        validators=[django.core.validators.MaxValueValidator(200)],
                        verbose_name="贺卡最多字数",
                    ),
                ),
                (
                    "uses_stock",
                    models.BooleanField(
                        default=False,
                        help_text="勾选后每单占用一件，售完不可选；库存按下方编码在「库存」中入库",
                        verbose_name="占用库存",
                    ),
                ),
                ("active", models.BooleanField(default=True, verbose_name="启用")),
                ("position", models.PositiveIntegerField(default=0, verbose_name="排序")),
                (
                    "sku",
                    models.OneToOneField(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="packing_option",
                        to="catalog.sku",
                        verbose_name="SKU",
                    ),
                ),
            ],
            options={
                "verbose_name": "包装选项",
                "verbose_name_plural": "包装选项",
                "ordering": ["position", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("price_fen__gte", 0)), name="packing_price_not_negative"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("message_most__lte", 200)),
                        name="packing_card_as_long_as_a_remark",
                    ),
                ],
            },
        ),
    ]
