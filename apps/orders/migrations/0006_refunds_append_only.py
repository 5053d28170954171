"""Make the refunds of orders append-only."""

from apps.base import migrating
from apps.base.ledger import append_only


class Migration(migrating.Migration):
    dependencies = [("orders", "0005_refunds")]
    operations = [append_only("orders_orderrefund"), append_only("orders_orderrefundline")]
