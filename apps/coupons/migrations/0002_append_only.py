"""Make coupons_couponmove append-only."""

from apps.base import migrating
from apps.base.ledger import append_only


class Migration(migrating.Migration):
    dependencies = [("coupons", "0001_initial")]
    operations = [append_only("coupons_couponmove")]
