"""What is for sale is kept until it changes; how often it was sold, which paid orders write, is not part of it."""

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
    dependencies = [("base", "0005_versions"), ("catalog", "0004_pictures_of_five_megabytes")]

    operations = [
        versions.watch("goods", "catalog_product", columns=_ALL_BUT_SALES),
        versions.watch("goods", "catalog_sku"),
        versions.watch("goods", "catalog_productimage"),
        versions.watch("goods", "catalog_brand"),
        versions.watch("goods", "catalog_guaranteelabel"),
        versions.watch("goods", "catalog_product_guarantees"),
        versions.watch("goods", "catalog_category"),
    ]
