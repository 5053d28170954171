"""Make wallet_entry append-only."""

from django.db import migrations

from apps.base.ledger import append_only


class Migration(migrations.Migration):
    dependencies = [("wallet", "0001_initial")]
    operations = [append_only("wallet_entry")]
