"""Make coupons_couponmove append-only."""

from django.db import migrations

from apps.base.ledger import append_only


class Migration(migrations.Migration):
    dependencies = [("coupons", "0001_initial")]
    operations = [append_only("coupons_couponmove")]
