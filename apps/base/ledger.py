"""Append-only tables: the trigger that refuses UPDATE and DELETE, and the one way past it; for use in migrations."""

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


def mended(table: str, change: str) -> RunSQL:
    """Return the migration operation that mends rows of an append-only table, once.

    For what should never have stood in it: a copy of personal data that is to be forgotten. ``change`` is what follows
    UPDATE and the table's name, SET and WHERE; figures and moves are never changed by it. Nobody else writes the table
    meanwhile. Nothing is taken back when the migration is.
    """
    trigger = f"{table}_append_only"
    return RunSQL(
        sql=f'ALTER TABLE "{table}" DISABLE TRIGGER "{trigger}";'
        + f'UPDATE "{table}" {change};'
        + f'ALTER TABLE "{table}" ENABLE TRIGGER "{trigger}";',
        reverse_sql=RunSQL.noop,
    )
