"""Whether an insurer pays for sending back, as products say; what is kept of goods is renewed when that changes, too."""

from django.db import migrations, models

from apps.base import migrating, versions

_ALL_BUT_SALES = (
    "id",
    "title",
    "subtitle",
    "category_id",
    "brand_id",
    "role",
    "cover",
    "video",
    "detail_html",
    "attributes",
    "returns",
    "freight_insurance",
    "options",
    "min_quantity",
    "max_quantity",
    "quantity_step",
    "on_sale",
    "sale_starts_at",
    "sale_ends_at",
    "price_fen",
    "market_price_fen",
    "search_words",
    "created_at",
)


class Migration(migrating.Migration):
    dependencies = [
        ("catalog", "0009_what_is_delivered_as_cards"),
    ]

    operations = [
        migrations.AddField(
            model_name="product",
            name="freight_insurance",
            field=models.CharField(
                choices=[
                    ("NONE", "无运费险"),
                    ("MERCHANT", "商家赠送退货运费险"),
                    ("SHOPPER", "可自费购买退货运费险"),
                ],
                db_default="NONE",
                default="NONE",
                help_text="下单前展示并记入订单；保单在保险公司或微信商户平台办理，商城只作记录，不代收保费",
                max_length=10,
                verbose_name="退货运费险",
            ),
        ),
        migrations.RunSQL(
            'DROP TRIGGER "catalog_product_renews_goods" ON "catalog_product";'
            ' DROP TRIGGER "catalog_product_renews_goods_all" ON "catalog_product";',
            migrations.RunSQL.noop,
        ),
        versions.watch("goods", "catalog_product", columns=_ALL_BUT_SALES),
    ]
