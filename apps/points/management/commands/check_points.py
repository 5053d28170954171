"""``manage.py check_points``: says which accounts differ from their rows; exit status 1 if any does."""

from __future__ import annotations

from collections.abc import Iterator

from apps.base.checking import CheckCommand
from apps.members import standing
from apps.points import selectors as point_facts


class Command(CheckCommand):
    help = "Compare every points account with its ledger and its lots, and every member's growth with its ledger."
    broken = "accounts or members differ from their ledger"
    whole = "every account equals its ledger and its lots, every growth its ledger"

    def faults(self) -> Iterator[str]:
        for row in point_facts.unbalanced():
            yield (
                f"account {row.account_id}: balance {row.balance} but booked {row.booked} and in lots {row.in_lots}, "
                f"debt {row.debt} but booked {row.booked_debt}"
            )
        for member in standing.unbalanced():
            yield f"member {member.member_id}: growth {member.growth} but booked {member.booked}"
