"""``manage.py check_quotas``: says which quotas of activities differ from their ledger; exit status 1 if any does."""

from __future__ import annotations

from collections.abc import Iterator

from apps.base.checking import CheckCommand
from apps.campaigns import selectors as campaign_facts


class Command(CheckCommand):
    help = "Compare what is taken of every activity, and what each member has of it, with the ledger."
    broken = "quotas differ from their ledger"
    whole = "every quota equals its ledger"

    def faults(self) -> Iterator[str]:
        for row in campaign_facts.unbalanced():
            yield f"{row.what}: {row.units} but booked {row.booked}"
