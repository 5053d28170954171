"""How cost grows: the same measures in a shop of so many times the size, and what tables and indexes take there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import psycopg2

from apps.base import sizes as measured
from tests.bench.load.figures import Figure, kept

# How much of its speed each has to keep.
GOAL: Final = 0.85
_HEAD: Final = ("", "before", "grown", "kept of speed", "kept of CPU", f"goal {GOAL:g}")
_LARGEST: Final = 15
Table = tuple[Sequence[str], Sequence[Sequence[str]]]


def compared(before: Mapping[str, Figure], after: Sequence[Figure]) -> Table:
    """How much of its speed each rate has kept, by the clock and by the processor's time, which neighbours touch less.

    The goal is judged by the processor's time where it is known.
    """
    rows = []
    for grown in after:
        was = before.get(grown.name)
        if was is None or not grown.is_rate:
            continue
        speed = kept(was.value, grown.value)
        cost = _cost_kept(was, grown)
        judged = speed if cost is None else cost
        rows.append(
            (
                grown.name,
                f"{was.value:,.1f}",
                f"{grown.value:,.1f}",
                f"{speed:.2f}",
                "" if cost is None else f"{cost:.2f}",
                "kept" if judged >= GOAL else "short",
            )
        )
    return _HEAD, rows


def _cost_kept(was: Figure, grown: Figure) -> float | None:
    if was.web is None or was.postgres is None or grown.web is None or grown.postgres is None:
        return None
    before, after = was.web + was.postgres, grown.web + grown.postgres
    return kept(before, after, is_time=True) if before > 0 and after > 0 else None


def sizes(url: str) -> Table:
    """The largest tables with their indexes, the dead rows in them, and how full the leaves of their B-trees are."""
    db = psycopg2.connect(url)
    db.autocommit = True
    with db.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_available_extensions WHERE name = 'pgstattuple'")
        if cursor.fetchone()[0]:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pgstattuple")
        found = measured.largest(cursor, limit=_LARGEST)
    db.close()
    rows = [
        (
            table.name,
            measured.megabytes(table.total),
            measured.megabytes(table.table),
            measured.megabytes(table.indexes),
            f"{table.rows:,}",
            f"{table.dead:,}",
            f"{table.dead_percent} %",
            "" if table.density is None else f"{table.density:.1f} %",
        )
        for table in found
    ]
    head = ("table", "MB", "rows' MB", "indexes' MB", "rows", "dead rows", "of them", "B-trees' leaves full")
    return head, rows
