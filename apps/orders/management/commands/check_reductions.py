"""``manage.py check_reductions``: which orders differ from the rows of what was taken off; exit status 1 if any does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandParser
from django.db.models import Max, Min

from apps.base.checking import CheckCommand
from apps.orders import reductions
from apps.orders import selectors as order_facts
from apps.orders.models import Order

_BATCH = 5_000


class Command(CheckCommand):
    help = "Compare what every order and line says was taken off with its rows; --fill writes missing ones first."
    broken = "differ from their reductions"
    whole = "every order equals its reductions"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--fill",
            action="store_true",
            help="Write the rows of orders whose money an older version booked.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["fill"]:
            self.stdout.write(f"{self._fill()} rows written")
        super().handle(*args, **options)

    def faults(self) -> Iterator[str]:
        for row in order_facts.unbalanced_reductions():
            yield f"{row.what} {row.number}: says {row.says}, its rows {row.rows}"

    def _fill(self) -> int:
        ids = Order.objects.aggregate(first=Min("id"), last=Max("id"))
        if ids["first"] is None:
            return 0
        firsts = range(ids["first"], ids["last"] + 1, _BATCH)
        return sum(reductions.fill(first=first, last=first + _BATCH - 1) for first in firsts)
