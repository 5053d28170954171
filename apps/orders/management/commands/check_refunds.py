"""``manage.py check_refunds``: says which orders differ from their refunds; exit status 1 if any does."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.orders import selectors as order_facts


class Command(BaseCommand):
    help = "Compare what every order, line and refund says was refunded with the rows below it."

    def handle(self, *args: Any, **options: Any) -> None:
        rows = order_facts.unbalanced_refunds()
        for row in rows:
            self.stdout.write(f"{row.what} {row.number}: says {row.says}, its rows {row.rows}")
        if rows:
            raise CommandError(f"{len(rows)} differ from their refunds")
        self.stdout.write("every order equals its refunds")
