"""``manage.py fetch_bills --day 2026-11-27``: fetches WeChat's bills of a day now; exit status 1 if one is not there."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.books.services import fetching
from apps.books.states import BillKind, BillStatus


class Command(BaseCommand):
    help = "Fetch the trade bill and the fund bill of a Shanghai day from WeChat Pay, also once more."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--day", type=date.fromisoformat, required=True, help="a Shanghai day, 2026-11-27"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        missing = []
        for kind in BillKind:
            bill = fetching.fetch(day=options["day"], kind=kind, at=timezone.now())
            self.stdout.write(f"{kind.value}: {bill.status} {bill.lines_count} {bill.last_error}".rstrip())
            if bill.status not in {BillStatus.FETCHED, BillStatus.EMPTY} or bill.last_error:
                missing.append(kind.value)
        if missing:
            raise CommandError(f"not there: {', '.join(missing)}")
