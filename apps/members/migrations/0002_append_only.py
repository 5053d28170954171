"""Make members_consent append-only."""

from apps.base import migrating
from apps.base.ledger import append_only


class Migration(migrating.Migration):
    dependencies = [("members", "0001_initial")]
    operations = [append_only("members_consent")]
