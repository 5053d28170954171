"""``manage.py fetch_bills --day 2026-11-27``: fetches WeChat's bills of a day now.

Exit status 1 if one is not there or its file was refused, 2 for a day of which WeChat has none.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.books.models import Bill
from apps.books.services import fetching
from apps.books.states import ARRIVED, BillKind


class Command(BaseCommand):
    help = "Fetch the trade bill and the fund bill of a Shanghai day from WeChat Pay, also once more."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--day", type=date.fromisoformat, required=True, help="a Shanghai day, 2026-11-27"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        try:
            fetching.require_bill(options["day"], at=at)
        except fetching.DayWithoutBill as refusal:
            days = f"{refusal.details['first']} to {refusal.details['last']}"
            raise CommandError(
                f"WeChat has bills of {days} only: for three months, from 10:00 of the next day on",
                returncode=2,
            ) from None
        missing = []
        for kind in BillKind:
            bill = fetching.fetch(day=options["day"], kind=kind, at=at)
            self.stdout.write(f"{kind.value}: {_told(bill)}")
            if bill.status not in ARRIVED or bill.last_error:
                missing.append(kind.value)
        if missing:
            raise CommandError(f"not there, or refused: {', '.join(missing)}")


def _told(bill: Bill) -> str:
    """What came of asking for it; what came before and stays is no new download."""
    if not bill.last_error:
        return f"{bill.status} {bill.lines_count}"
    if bill.status in ARRIVED:
        kept = f"{bill.lines_count} lines of {bill.fetched_at:%Y-%m-%d %H:%M} UTC stay as they were"
        return f"REFUSED, {kept}: {bill.last_error}"
    return f"{bill.status}: {bill.last_error}"
