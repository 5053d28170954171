"""``manage.py show_personal_data``: prints the board of personal data as the table that the guide shows."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from apps.members import board


class Command(BaseCommand):
    help = "Print which tables hold what of people, what becomes of it, for how long it is kept and why."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(board.table())
