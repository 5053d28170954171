"""Make base_auditentry append-only."""

from apps.base import migrating
from apps.base.ledger import append_only


class Migration(migrating.Migration):
    dependencies = [("base", "0002_pulses_jobs_audit")]
    operations = [append_only("base_auditentry")]
