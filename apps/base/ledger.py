"""Append-only tables: the trigger that refuses UPDATE and DELETE, for use in migrations."""

from __future__ import annotations

from django.db.migrations.operations import RunSQL

_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""


def append_only(table: str) -> RunSQL:
    """Return the migration operation that makes ``table`` append-only (TRUNCATE stays possible, for tests)."""
    trigger = f"{table}_append_only"
    return RunSQL(
        sql=_FUNCTION
        + f'CREATE TRIGGER "{trigger}" BEFORE UPDATE OR DELETE ON "{table}"'
        + " FOR EACH ROW EXECUTE FUNCTION refuse_change();",
        reverse_sql=f'DROP TRIGGER "{trigger}" ON "{table}";',
    )
