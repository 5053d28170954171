"""``manage.py check_points``: says which accounts differ from their rows; exit status 1 if any does."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.members import standing
from apps.points import selectors as point_facts


class Command(BaseCommand):
    help = "Compare every points account with its ledger and its lots, and every member's growth with its ledger."

    def handle(self, *args: Any, **options: Any) -> None:
        accounts = point_facts.unbalanced()
        for row in accounts:
            self.stdout.write(
                f"account {row.account_id}: balance {row.balance} but booked {row.booked} and in lots {row.in_lots}, "
                f"debt {row.debt} but booked {row.booked_debt}"
            )
        members = standing.unbalanced()
        for member in members:
            self.stdout.write(f"member {member.member_id}: growth {member.growth} but booked {member.booked}")
        if accounts or members:
            raise CommandError(
                f"{len(accounts)} accounts and {len(members)} members differ from their ledger"
            )
        self.stdout.write("every account equals its ledger and its lots, every growth its ledger")
