"""A promotion may be for single SKUs."""

from django.db import migrations, models

from apps.base import migrating, versions


class Migration(migrating.Migration):
    dependencies = [
        ("catalog", "0007_money_has_permissions_of_its_own"),
        ("promotions", "0005_offers_versioned"),
    ]

    operations = [
        migrations.AddField(
            model_name="promotion",
            name="skus",
            field=models.ManyToManyField(blank=True, to="catalog.sku", verbose_name="规格"),
        ),
        migrations.AlterField(
            model_name="promotion",
            name="scope",
            field=models.CharField(
                choices=[
                    ("ALL", "全部商品"),
                    ("PRODUCTS", "指定商品"),
                    ("SKUS", "指定规格"),
                    ("CATEGORIES", "指定类目"),
                    ("BRANDS", "指定品牌"),
                ],
                default="ALL",
                max_length=12,
                verbose_name="适用范围",
            ),
        ),
        versions.watch("promotions", "promotions_promotion_skus"),
    ]
