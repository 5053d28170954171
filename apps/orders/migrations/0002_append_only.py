"""Make orders_ordermove append-only."""

from apps.base import migrating
from apps.base.ledger import append_only


class Migration(migrating.Migration):
    dependencies = [("orders", "0001_initial")]
    operations = [append_only("orders_ordermove")]
