"""What tables and their indexes take of the disk, and what of that is dead: read from what PostgreSQL counts itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple

# Any cursor of psycopg2's or Django's: the bench has no Django where it asks.
Cursor = Any

_TABLES: Final = """
    SELECT c.relname, pg_total_relation_size(c.oid), pg_relation_size(c.oid), pg_indexes_size(c.oid),
           greatest(c.reltuples, s.n_live_tup)::bigint, s.n_dead_tup, greatest(s.last_vacuum, s.last_autovacuum)
      FROM pg_class AS c JOIN pg_stat_user_tables AS s ON s.relid = c.oid
     ORDER BY 2 DESC, 1 LIMIT %s
"""
_LEAVES: Final = """
    SELECT round(avg(leaf.avg_leaf_density)::numeric, 1)
      FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
      JOIN pg_am AS method ON method.oid = c.relam AND method.amname = 'btree'
     CROSS JOIN LATERAL pgstatindex(c.oid) AS leaf
     WHERE i.indrelid = %s::regclass AND pg_relation_size(c.oid) > 8192
"""
_UNUSED: Final = """
    SELECT s.relname, s.indexrelname, pg_relation_size(s.indexrelid)
      FROM pg_stat_user_indexes AS s JOIN pg_index AS i ON i.indexrelid = s.indexrelid
     WHERE s.idx_scan = 0 AND NOT i.indisunique AND NOT i.indisexclusion AND pg_relation_size(s.indexrelid) > %s
     ORDER BY 3 DESC, 2 LIMIT %s
"""


MEGABYTE: Final = 1_048_576


class Table(NamedTuple):
    """Bytes and rows of a table. ``density``: per cent that leaves of its B-trees are full, None where nobody can tell."""

    name: str
    total: int
    table: int
    indexes: int
    rows: int
    dead: int
    vacuumed_at: datetime | None
    density: float | None

    @property
    def dead_percent(self) -> int:
        """How many of a hundred rows that lie there are dead, rounded down."""
        return self.dead * 100 // (self.rows + self.dead) if self.dead else 0


class Unused(NamedTuple):
    """An index that no statement has used since the server began to count, and its bytes."""

    table: str
    name: str
    size: int


def megabytes(size: int) -> str:
    """Bytes as people compare them, to the nearest tenth of a megabyte: ``1,234.5``."""
    tenths = (size * 10 + MEGABYTE // 2) // MEGABYTE
    return f"{tenths // 10:,}.{tenths % 10}"


def largest(cursor: Cursor, *, limit: int) -> list[Table]:
    """Return the largest tables, with their indexes, the largest first.

    Leaves are looked at where the extension ``pgstattuple`` is installed; that reads each index through.
    """
    cursor.execute("SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pgstattuple')")
    (looks,) = cursor.fetchone()
    cursor.execute(_TABLES, [limit])
    found = []
    for name, total, table, indexes, rows, dead, vacuumed_at in cursor.fetchall():
        density = None
        if looks:
            cursor.execute(_LEAVES, [f'"{name}"'])
            (full,) = cursor.fetchone()
            density = None if full is None else float(full)
        found.append(Table(name, total, table, indexes, max(rows, 0), dead, vacuumed_at, density))
    return found


def unused(cursor: Cursor, *, above: int, limit: int) -> list[Unused]:
    """Return indexes of more than ``above`` bytes that nothing was read by, and that keep no promise, the largest first."""
    cursor.execute(_UNUSED, [above, limit])
    return [Unused(*row) for row in cursor.fetchall()]
