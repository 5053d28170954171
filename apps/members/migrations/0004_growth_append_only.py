"""Make the growth ledger and the history of levels append-only."""

from apps.base import migrating
from apps.base.ledger import append_only


class Migration(migrating.Migration):
    dependencies = [("members", "0003_levels_and_growth")]
    operations = [append_only("members_growthentry"), append_only("members_levelchange")]
