"""``manage.py check_ledgers``: says which stock rows differ from their ledger; exit status 1 if any does."""

from __future__ import annotations

from collections.abc import Iterator

from apps.base.checking import CheckCommand
from apps.inventory import selectors as stock_facts


class Command(CheckCommand):
    help = "Compare every stock row with the sums of its ledger entries."
    broken = "stock rows differ from their ledger"
    whole = "every stock row equals its ledger"

    def faults(self) -> Iterator[str]:
        for row in stock_facts.unbalanced():
            yield (
                f"stock {row.stock_id} (SKU {row.sku_id}, place {row.place_id}): "
                f"on_hand {row.on_hand} but booked {row.booked_on_hand}, "
                f"held {row.held} but booked {row.booked_held}"
            )
