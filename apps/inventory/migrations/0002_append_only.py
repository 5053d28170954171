"""Make inventory_stockentry append-only."""

from apps.base import migrating
from apps.base.ledger import append_only


class Migration(migrating.Migration):
    dependencies = [("inventory", "0001_initial")]
    operations = [append_only("inventory_stockentry")]
