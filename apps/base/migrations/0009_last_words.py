"""Where the last word of each reader is kept (apps/base/replica.py): empty, and unused without a replica.

UNLOGGED: a crash or a failover empties it, and then everybody reads from the primary and is kept anew.
"""

from django.db import migrations

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("base", "0008_recovery_codes_are_hashes"),
    ]

    operations = [
        migrations.RunSQL(
            sql="CREATE UNLOGGED TABLE base_lastword (place smallint PRIMARY KEY, position pg_lsn NOT NULL)"
            " WITH (fillfactor = 50)",
            reverse_sql="DROP TABLE base_lastword",
        ),
    ]
