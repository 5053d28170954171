"""Make the refunds of orders append-only."""

from django.db import migrations

from apps.base.ledger import append_only


class Migration(migrations.Migration):
    dependencies = [("orders", "0005_refunds")]
    operations = [append_only("orders_orderrefund"), append_only("orders_orderrefundline")]
