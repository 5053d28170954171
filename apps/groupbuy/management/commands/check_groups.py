"""``manage.py check_groups``: says which groups count other members than sit in them; exit status 1 if any does."""

from __future__ import annotations

from collections.abc import Iterable

from apps.base.checking import CheckCommand
from apps.groupbuy import selectors as group_facts


class Command(CheckCommand):
    help = "Compare how many joined each group, and how many hold a seat unpaid, with its seats and their orders."
    broken = "faults in groups"
    whole = "every group equals its seats"

    def faults(self) -> Iterable[str]:
        return group_facts.unbalanced()
