"""Make orders_ordermove append-only."""

from django.db import migrations

from apps.base.ledger import append_only


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]
    operations = [append_only("orders_ordermove")]
