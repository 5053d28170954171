"""``manage.py check_payments``: says which payments differ from their refunds; exit status 1 if any does."""

from __future__ import annotations

from collections.abc import Iterator

from apps.base.checking import CheckCommand
from apps.payments import selectors as payment_facts


class Command(CheckCommand):
    help = "Compare what every payment says went back with its refunds, and orders with what was asked of WeChat."
    broken = "differ from their refunds"
    whole = "every payment equals its refunds, and no more goes back than was paid"

    def faults(self) -> Iterator[str]:
        for row in payment_facts.unbalanced():
            yield f"{row.what} {row.number}: says {row.says}, its rows {row.rows}"
