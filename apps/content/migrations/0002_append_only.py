"""Make content_reviewmove append-only."""

from apps.base import migrating
from apps.base.ledger import append_only


class Migration(migrating.Migration):
    dependencies = [("content", "0001_initial")]
    operations = [append_only("content_reviewmove")]
