"""``manage.py check_refunds``: says which orders differ from their refunds; exit status 1 if any does."""

from __future__ import annotations

from collections.abc import Iterator

from apps.base.checking import CheckCommand
from apps.orders import selectors as order_facts


class Command(CheckCommand):
    help = "Compare what every order, line and refund says was refunded with the rows below it."
    broken = "differ from their refunds"
    whole = "every order equals its refunds"

    def faults(self) -> Iterator[str]:
        for row in order_facts.unbalanced_refunds():
            yield f"{row.what} {row.number}: says {row.says}, its rows {row.rows}"
