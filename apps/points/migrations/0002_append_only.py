"""Make the points ledger append-only."""

from apps.base import migrating
from apps.base.ledger import append_only


class Migration(migrating.Migration):
    dependencies = [("points", "0001_initial")]
    operations = [append_only("points_entry")]
