"""``manage.py check_quotas``: says which quotas of activities differ from their ledger; exit status 1 if any does."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.campaigns import selectors as campaign_facts


class Command(BaseCommand):
    help = "Compare what is taken of every activity, and what each member has of it, with the ledger."

    def handle(self, *args: Any, **options: Any) -> None:
        rows = campaign_facts.unbalanced()
        for row in rows:
            self.stdout.write(f"{row.what}: {row.units} but booked {row.booked}")
        if rows:
            raise CommandError(f"{len(rows)} quotas differ from their ledger")
        self.stdout.write("every quota equals its ledger")
