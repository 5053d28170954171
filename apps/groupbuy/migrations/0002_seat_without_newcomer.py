"""Whether a member was new is told by paid orders alone: nothing reads what a seat said of it.

Safe on a live table: processes of the version before still write the column, so it stays for them in the database, with a
default for those that know it no more.
"""

from django.db import migrations

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [("groupbuy", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE groupbuy_seat ALTER COLUMN newcomer SET DEFAULT false",
                    "ALTER TABLE groupbuy_seat ALTER COLUMN newcomer DROP DEFAULT",
                )
            ],
            state_operations=[migrations.RemoveField(model_name="seat", name="newcomer")],
        ),
    ]
