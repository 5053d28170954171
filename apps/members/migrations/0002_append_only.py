"""Make members_consent append-only."""

from django.db import migrations

from apps.base.ledger import append_only


class Migration(migrations.Migration):
    dependencies = [("members", "0001_initial")]
    operations = [append_only("members_consent")]
