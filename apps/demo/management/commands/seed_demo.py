"""``manage.py seed_demo``: a believable shop to look at and to try orders in. Safe to run again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from apps.demo import filling, reviews, surveys, terms
from apps.demo.telling import silent


class Command(BaseCommand):
    """Adds what is missing of the demo shop; changes nothing that is there."""

    help = "Fill the shop with demo goods, stock, postage and offers; safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        tell = self._tell if options["verbosity"] else silent
        # Hundreds of small changes: a commit for each would be much of the waiting. Pictures are read outside of it.
        filling.draw(tell=tell)
        with transaction.atomic():
            added = filling.fill(at=at, tell=tell)
            terms.agree(at=at, tell=tell)
            surveys.fill(at=at)
        reviews.fill(at=at, tell=tell)
        self.stdout.write(f"The demo shop has {len(filling.WARES)} products; {added} of them are new.")

    def _tell(self, what: str, done: int, of: int, which: str) -> None:
        self.stdout.write(f"{what} {done}/{of}: {which}")
        self.stdout.flush()
