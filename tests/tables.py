"""What stands in the shop's tables: two ways of doing the same must leave the same."""

from __future__ import annotations

from collections import Counter

from django.apps import apps
from django.db import connection

# Who is told what is new, by tokens that are drawn anew each time.
_DRAWN = {"base_version"}


def written() -> dict[str, Counter[str]]:
    """The rows of every table of the shop as texts, without the keys that sequences give: those never come twice."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            table = model._meta.db_table
            if table in _DRAWN or not model._meta.managed:
                continue
            cursor.execute(f'SELECT (to_jsonb(one) - %s)::text FROM "{table}" AS one', ["id"])  # noqa: S608 -- names of ours
            if rows := Counter(row for (row,) in cursor.fetchall()):
                found[table] = rows
    return found


def differing(
    one: dict[str, Counter[str]], other: dict[str, Counter[str]]
) -> dict[str, tuple[list[str], list[str]]]:
    """By table what stands in only one of both: nothing, if they are the same."""
    return {
        table: (sorted((ours - theirs).elements()), sorted((theirs - ours).elements()))
        for table in one.keys() | other.keys()
        if (ours := one.get(table, Counter())) != (theirs := other.get(table, Counter()))
    }
