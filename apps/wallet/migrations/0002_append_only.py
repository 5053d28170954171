"""Make wallet_entry append-only."""

from apps.base import migrating
from apps.base.ledger import append_only


class Migration(migrating.Migration):
    dependencies = [("wallet", "0001_initial")]
    operations = [append_only("wallet_entry")]
