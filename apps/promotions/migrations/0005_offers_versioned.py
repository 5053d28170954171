"""Promotions with all that belongs to them, and levels" own prices, are kept until one of them changes."""

from apps.base import migrating, versions


class Migration(migrating.Migration):
    dependencies = [("base", "0005_versions"), ("promotions", "0004_promotion_excludes")]

    operations = [
        versions.watch("promotions", "promotions_promotion"),
        versions.watch("promotions", "promotions_promotion_products"),
        versions.watch("promotions", "promotions_promotion_categories"),
        versions.watch("promotions", "promotions_promotion_brands"),
        versions.watch("promotions", "promotions_promotionsku"),
        versions.watch("promotions", "promotions_memberday"),
        versions.watch("promotions", "promotions_campaign"),
        versions.watch("promotions", "promotions_pricefloor"),
        versions.watch("level_prices", "promotions_levelprice"),
    ]
