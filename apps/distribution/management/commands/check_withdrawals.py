"""``manage.py check_withdrawals``: says which withdrawals do not agree with account, ledger or WeChat; status 1 if any."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.distribution import withdrawal_selectors as withdrawal_facts


class Command(BaseCommand):
    help = "Compare withdrawals with promoters' accounts, their ledger, and what WeChat said of each."

    def handle(self, *args: Any, **options: Any) -> None:
        faults = withdrawal_facts.unexplained_withdrawals()
        for fault in faults:
            self.stdout.write(fault)
        if faults:
            raise CommandError(f"{len(faults)} withdrawals or accounts differ")
        self.stdout.write("every withdrawal agrees with its account, the ledger and WeChat")
