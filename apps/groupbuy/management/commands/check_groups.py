"""``manage.py check_groups``: says which groups count other members than sit in them; exit status 1 if any does."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.groupbuy import selectors as group_facts


class Command(BaseCommand):
    help = "Compare how many joined each group, and how many hold a seat unpaid, with its seats and their orders."

    def handle(self, *args: Any, **options: Any) -> None:
        faults = group_facts.unbalanced()
        for fault in faults:
            self.stdout.write(fault)
        if faults:
            raise CommandError(f"{len(faults)} faults in groups")
        self.stdout.write("every group equals its seats")
