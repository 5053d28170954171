"""``manage.py check_wallets``: says which accounts differ from their ledger or owe otherwise; exit status 1 if any."""

from __future__ import annotations

from collections.abc import Iterator

from apps.base.checking import CheckCommand
from apps.wallet import selectors as wallet_facts


class Command(CheckCommand):
    help = "Compare every account of stored value with the sums of its ledger entries, and what it owes with them."
    broken = "accounts differ from their ledger"
    whole = "every account equals its ledger"

    def faults(self) -> Iterator[str]:
        for row in wallet_facts.unbalanced():
            yield (
                f"account {row.account_id}: "
                f"principal {row.principal_fen} but booked {row.booked_principal_fen}, "
                f"bonus {row.bonus_fen} but booked {row.booked_bonus_fen}, "
                f"held principal {row.held_principal_fen} but booked {row.booked_held_principal_fen}, "
                f"held bonus {row.held_bonus_fen} but booked {row.booked_held_bonus_fen}"
            )
        for owes in wallet_facts.misowed():
            yield (
                f"account {owes.account_id}: "
                f"owes principal {owes.owed_principal_fen} but should {owes.due_principal_fen}, "
                f"bonus {owes.owed_bonus_fen} but should {owes.due_bonus_fen}"
            )
