"""Make the points ledger append-only."""

from django.db import migrations

from apps.base.ledger import append_only


class Migration(migrations.Migration):
    dependencies = [("points", "0001_initial")]
    operations = [append_only("points_entry")]
