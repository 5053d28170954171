"""``manage.py check_commissions``: says which promoters' accounts and commissions do not add up; status 1 if any."""

from __future__ import annotations

from collections.abc import Iterator

from apps.base.checking import CheckCommand
from apps.distribution import selectors as promoter_facts


class Command(CheckCommand):
    help = "Compare promoters' accounts with their ledger, and commissions with what refunds took of them."
    broken = "sums differ"
    whole = "every commission and every account adds up"

    def faults(self) -> Iterator[str]:
        yield from promoter_facts.unbalanced_accounts()
        yield from promoter_facts.unexplained_commissions()
