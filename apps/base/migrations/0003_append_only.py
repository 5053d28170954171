"""Make base_auditentry append-only."""

from django.db import migrations

from apps.base.ledger import append_only


class Migration(migrations.Migration):
    dependencies = [("base", "0002_pulses_jobs_audit")]
    operations = [append_only("base_auditentry")]
