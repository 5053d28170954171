"""Counts that people read: exact up to 999 and «999+» beyond, so that what grows does not slow every page down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from apps.base import statements
from apps.base.planned import Planned

MOST: Final = 999


def some(rows: QuerySet[Any]) -> int:
    """How many rows there are, or one more than ``MOST`` where there are more: one statement, which stops there."""
    return rows.order_by()[: MOST + 1].count()


def told(count: int) -> str:
    """Such a count as people read it."""
    return str(count) if count <= MOST else f"{MOST}+"


def each(asked: Sequence[QuerySet[Any]]) -> Planned:
    """A statement of ``(number, count)`` for each of these querysets, from 0: counted as by ``some``, without what has none.

    Its values are written out, so that the plan that is kept may use the partial indexes of what waits. Raises ValueError
    where one of them is a moment: a statement that is kept would ask as of that moment for ever.
    """
    counts = []
    for number, rows in enumerate(asked):
        try:
            first = rows.order_by().values("pk")[: MOST + 1].query
            text, values = first.get_compiler(using=connection.alias).as_sql()
        except EmptyResultSet:
            continue
        if moments := [value for value in values if isinstance(value, date)]:
            raise ValueError(f"What waits for a person is counted by a fixed statement, not as of {moments}.")
        inside = statements.with_literals(text, [("", value) for value in values])
        counts.append(f"SELECT {number}, count(*) FROM ({inside}) AS asked_{number}")  # noqa: S608 -- composed by Django
    return Planned.of(" UNION ALL ".join(counts) or "SELECT 0, 0")
