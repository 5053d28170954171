"""``manage.py rebuild_books``: reckons the books anew from the facts; exit status 1 and a JSON line for each difference."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.base import days
from apps.books import journal_selectors as journal_facts
from apps.books.services import journal


class Command(BaseCommand):
    help = "Reckon the double-entry books of closed Shanghai days anew, and print what was posted otherwise."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--day", type=date.fromisoformat, help="one Shanghai day, 2026-11-27")
        parser.add_argument(
            "--from", dest="first", type=date.fromisoformat, help="the first day; else thirty ago"
        )
        parser.add_argument(
            "--until", type=date.fromisoformat, help="the day after the last; else what is closed"
        )
        parser.add_argument(
            "--correct", action="store_true", help="post what is missing, and each difference as a revision"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        first, until = self._window(options)
        end = days.day_window(until)[0]
        now = timezone.now()
        if options["correct"]:
            made = journal.correct(first=first, until=end, at=now)
            self.stdout.write(f"posted: {made.posted}, corrected: {made.revised}", self.style.WARNING)
        differing = 0
        for one in journal.differences(first=first, until=end, at=now):
            differing += 1
            self.stdout.write(json.dumps(one._asdict(), ensure_ascii=False))
        if differing:
            raise CommandError(f"{differing} lines differ from {first} until {until}")

    def _window(self, options: dict[str, Any]) -> tuple[date, date]:
        """The first day and the one after the last. Raises CommandError for one that is none."""
        if options["day"]:
            return options["day"], options["day"] + timedelta(days=1)
        closed = journal_facts.last_closed()
        if closed is None:
            raise CommandError("no day is closed yet: the clock does it (books.post_due)")
        until = options["until"] or closed.day + timedelta(days=1)
        first = options["first"] or until - timedelta(days=30)
        if first >= until:
            raise CommandError("--from lies before --until")
        return first, until
