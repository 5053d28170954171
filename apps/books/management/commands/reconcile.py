"""``manage.py reconcile --day 2026-11-27``: compares WeChat's bills of a day with the shop; exit status 1 if they differ."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.books.selectors import Difference
from apps.books.services import cases
from mall.errors import ShopError


class Command(BaseCommand):
    help = "Compare a Shanghai day's bills with the shop, to the fen: a JSON line for each that nobody explained."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--day", type=date.fromisoformat, required=True, help="a Shanghai day, 2026-11-27"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        def tell(one: Difference) -> None:
            said = {"day": options["day"].isoformat(), **one._asdict()}
            self.stdout.write(json.dumps(said, ensure_ascii=False))

        try:
            left = cases.reconcile(day=options["day"], at=timezone.now(), tell=tell)
        except ShopError as refused:
            raise CommandError(f"{refused.code}: fetch_bills --day {options['day']} first") from None
        if left:
            raise CommandError(f"{left} differences")
