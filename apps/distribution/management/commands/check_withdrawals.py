"""``manage.py check_withdrawals``: says which withdrawals do not agree with account, ledger or WeChat; status 1 if any."""

from __future__ import annotations

from collections.abc import Iterable

from apps.base.checking import CheckCommand
from apps.distribution import withdrawal_selectors as withdrawal_facts


class Command(CheckCommand):
    help = "Compare withdrawals with promoters' accounts, their ledger, and what WeChat said of each."
    broken = "withdrawals or accounts differ"
    whole = "every withdrawal agrees with its account, the ledger and WeChat"

    def faults(self) -> Iterable[str]:
        return withdrawal_facts.unexplained_withdrawals()
