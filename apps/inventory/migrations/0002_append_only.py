"""Make inventory_stockentry append-only."""

from django.db import migrations

from apps.base.ledger import append_only


class Migration(migrations.Migration):
    dependencies = [("inventory", "0001_initial")]
    operations = [append_only("inventory_stockentry")]
