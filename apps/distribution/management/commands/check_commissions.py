"""``manage.py check_commissions``: says which promoters' accounts and commissions do not add up; status 1 if any."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.distribution import selectors as promoter_facts


class Command(BaseCommand):
    help = "Compare promoters' accounts with their ledger, and commissions with what refunds took of them."

    def handle(self, *args: Any, **options: Any) -> None:
        faults = [*promoter_facts.unbalanced_accounts(), *promoter_facts.unexplained_commissions()]
        for fault in faults:
            self.stdout.write(fault)
        if faults:
            raise CommandError(f"{len(faults)} sums differ")
        self.stdout.write("every commission and every account adds up")
