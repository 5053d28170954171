"""Make content_reviewmove append-only."""

from django.db import migrations

from apps.base.ledger import append_only


class Migration(migrations.Migration):
    dependencies = [("content", "0001_initial")]
    operations = [append_only("content_reviewmove")]
