"""``manage.py check_reductions``: which orders differ from the rows of what was taken off; exit status 1 if any does."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Max, Min

from apps.orders import reductions
from apps.orders import selectors as order_facts
from apps.orders.models import Order

_BATCH = 5_000


class Command(BaseCommand):
    help = "Compare what every order and line says was taken off with its rows; --fill writes missing ones first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--fill", action="store_true", help="Write the rows of orders that an older version placed."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["fill"]:
            self.stdout.write(f"{self._fill()} rows written")
        rows = order_facts.unbalanced_reductions()
        for row in rows:
            self.stdout.write(f"{row.what} {row.number}: says {row.says}, its rows {row.rows}")
        if rows:
            raise CommandError(f"{len(rows)} differ from their reductions")
        self.stdout.write("every order equals its reductions")

    def _fill(self) -> int:
        ids = Order.objects.aggregate(first=Min("id"), last=Max("id"))
        if ids["first"] is None:
            return 0
        firsts = range(ids["first"], ids["last"] + 1, _BATCH)
        return sum(reductions.fill(first=first, last=first + _BATCH - 1) for first in firsts)
