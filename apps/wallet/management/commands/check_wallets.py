"""``manage.py check_wallets``: says which accounts differ from their ledger; exit status 1 if any does."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.wallet import selectors as wallet_facts


class Command(BaseCommand):
    help = "Compare every account of stored value with the sums of its ledger entries."

    def handle(self, *args: Any, **options: Any) -> None:
        rows = wallet_facts.unbalanced()
        for row in rows:
            self.stdout.write(
                f"account {row.account_id}: "
                f"principal {row.principal_fen} but booked {row.booked_principal_fen}, "
                f"bonus {row.bonus_fen} but booked {row.booked_bonus_fen}, "
                f"held principal {row.held_principal_fen} but booked {row.booked_held_principal_fen}, "
                f"held bonus {row.held_bonus_fen} but booked {row.booked_held_bonus_fen}"
            )
        if rows:
            raise CommandError(f"{len(rows)} accounts differ from their ledger")
        self.stdout.write("every account equals its ledger")
