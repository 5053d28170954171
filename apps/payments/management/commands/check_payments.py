"""``manage.py check_payments``: says which payments differ from their refunds; exit status 1 if any does."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.payments import selectors as payment_facts


class Command(BaseCommand):
    help = "Compare what every payment says went back with its refunds, and orders with what was asked of WeChat."

    def handle(self, *args: Any, **options: Any) -> None:
        rows = payment_facts.unbalanced()
        for row in rows:
            self.stdout.write(f"{row.what} {row.number}: says {row.says}, its rows {row.rows}")
        if rows:
            raise CommandError(f"{len(rows)} differ from their refunds")
        self.stdout.write("every payment equals its refunds, and no more goes back than was paid")
