"""Whether a product goes back without a reason; what is kept of goods is renewed when that changes, too."""

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
        ("catalog", "0007_money_has_permissions_of_its_own"),
    ]

    operations = [
        migrations.AddField(
            model_name="product",
            name="returns",
            field=models.CharField(
                choices=[
                    ("SEVEN_DAYS", "支持七天无理由退货"),
                    ("CUSTOM_MADE", "定作商品，不支持七天无理由退货"),
                    ("FRESH", "鲜活易腐商品，不支持七天无理由退货"),
                    ("DIGITAL", "在线下载或拆封后的数字化商品，不支持七天无理由退货"),
                    ("PRESS", "报纸、期刊，不支持七天无理由退货"),
                    ("CONFIRMED", "按商品性质不宜退货，购买时确认后不支持七天无理由退货"),
                ],
                db_default="SEVEN_DAYS",
                default="SEVEN_DAYS",
                help_text="法律允许的例外才可选择不支持（《消费者权益保护法》第二十五条）；最后一项须买家下单时确认才生效",
                max_length=12,
                verbose_name="七天无理由",
            ),
        ),
        migrations.RunSQL(
            'DROP TRIGGER "catalog_product_renews_goods" ON "catalog_product";'
            ' DROP TRIGGER "catalog_product_renews_goods_all" ON "catalog_product";',
            migrations.RunSQL.noop,
        ),
        versions.watch("goods", "catalog_product", columns=_ALL_BUT_SALES),
    ]
