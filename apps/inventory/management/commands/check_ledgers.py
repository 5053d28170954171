"""``manage.py check_ledgers``: says which stock rows differ from their ledger; exit status 1 if any does."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.inventory import selectors as stock_facts


class Command(BaseCommand):
    help = "Compare every stock row with the sums of its ledger entries."

    def handle(self, *args: Any, **options: Any) -> None:
        rows = stock_facts.unbalanced()
        for row in rows:
            self.stdout.write(
                f"stock {row.stock_id} (SKU {row.sku_id}, place {row.place_id}): "
                f"on_hand {row.on_hand} but booked {row.booked_on_hand}, "
                f"held {row.held} but booked {row.booked_held}"
            )
        if rows:
            raise CommandError(f"{len(rows)} stock rows differ from their ledger")
        self.stdout.write("every stock row equals its ledger")
