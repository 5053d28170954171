"""What coupons are worth is kept until a template changes; how many were issued is not part of it."""

from apps.base import migrating, versions

_ALL_BUT_ISSUED = (
    "id",
    "name",
    "kind",
    "status",
    "threshold_fen",
    "off_fen",
    "off_bp",
    "cap_fen",
    "combines",
    "scope",
    "channel",
    "valid_from",
    "valid_until",
    "valid_days",
    "quota",
    "per_member",
    "claim_from",
    "claim_until",
    "visible",
    "occasion",
    "gift_from_fen",
    "note",
)


class Migration(migrating.Migration):
    dependencies = [("base", "0005_versions"), ("coupons", "0007_orders_of_pages_once")]

    operations = [
        versions.watch("coupon_templates", "coupons_template", columns=_ALL_BUT_ISSUED),
        versions.watch("coupon_templates", "coupons_template_products"),
        versions.watch("coupon_templates", "coupons_template_categories"),
        versions.watch("coupon_templates", "coupons_template_brands"),
    ]
