"""``manage.py show_sizes``: the largest tables with their indexes, dead rows, and indexes that nobody reads by."""

from __future__ import annotations

from typing import Any, Final

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from django.utils import timezone

from apps.base import sizes

_HEAD: Final = (
    "table",
    "MB",
    "rows' MB",
    "indexes' MB",
    "rows",
    "dead",
    "dead %",
    "vacuumed",
    "leaves full %",
)
# From here on autovacuum does not keep up, or somebody holds a transaction open.
_MUCH_DEAD: Final = 20
_UNUSED_SHOWN: Final = 10


class Command(BaseCommand):
    help = "Show what the largest tables and their indexes take, and what of them is dead."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--limit", type=int, default=20, help="how many tables (20)")

    def handle(self, *args: Any, **options: Any) -> None:
        with connection.cursor() as cursor:
            tables = sizes.largest(cursor, limit=max(options["limit"], 1))
            idle = sizes.unused(cursor, above=sizes.MEGABYTE, limit=_UNUSED_SHOWN)
        rows = [_HEAD, *(_row(table) for table in tables)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
        for row in rows:
            name, *figures = (
                cell.ljust(width) if place == 0 else cell.rjust(width)
                for place, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            self.stdout.write("  ".join((name, *figures)).rstrip())
        for table in tables:
            if table.dead_percent > _MUCH_DEAD and table.total > sizes.MEGABYTE:
                self.stdout.write(
                    f"{table.name}: {table.dead_percent} % of its rows are dead; see docs/guide/operations.md"
                )
        for index in idle:
            self.stdout.write(
                f"{index.name} of {index.table}: {sizes.megabytes(index.size)} MB, no statement has used it yet"
            )


def _row(table: sizes.Table) -> tuple[str, ...]:
    return (
        table.name,
        sizes.megabytes(table.total),
        sizes.megabytes(table.table),
        sizes.megabytes(table.indexes),
        f"{table.rows:,}",
        f"{table.dead:,}",
        str(table.dead_percent),
        f"{timezone.localtime(table.vacuumed_at):%Y-%m-%d %H:%M}" if table.vacuumed_at else "never",
        "" if table.density is None else f"{table.density:.1f}",
    )
