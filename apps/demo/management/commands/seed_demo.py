"""``manage.py seed_demo``: a believable shop to look at and to try orders in. Safe to run again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.base import roles
from apps.demo import filling, whole
from apps.demo.telling import silent


class Command(BaseCommand):
    """Adds what is missing of the demo shop; changes nothing that is there."""

    help = "Fill the shop with demo goods, stock, postage and offers; safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        roles.make()
        added = whole.fill(at=timezone.now(), tell=self._tell if options["verbosity"] else silent)
        self.stdout.write(f"The demo shop has {len(filling.WARES)} products; {added} of them are new.")

    def _tell(self, what: str, done: int, of: int, which: str) -> None:
        self.stdout.write(f"{what} {done}/{of}: {which}")
        self.stdout.flush()
