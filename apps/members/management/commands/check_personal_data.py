"""``manage.py check_personal_data``: says which rooms hold personal data past their time; exit status 1 if any does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.members.services import keeping

# The sweep comes every hour and takes some thousand rows at a time.
_GRACE = timedelta(days=1)


class Command(BaseCommand):
    help = "Look for personal data that should have been erased more than a day ago."

    def handle(self, *args: Any, **options: Any) -> None:
        found = keeping.overdue(at=timezone.now() - _GRACE)
        for name, count in found.items():
            self.stdout.write(f"{name}: {count} rows are past their time")
        if found:
            raise CommandError(f"{len(found)} rooms hold personal data past their time")
        self.stdout.write("nothing is held past its time")
