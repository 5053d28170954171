"""``manage.py seed_demo``: a believable shop to look at and to try orders in. Safe to run again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.base import roles
from apps.demo import filling, reviews, surveys, terms


class Command(BaseCommand):
    """Adds what is missing of the demo shop; changes nothing that is there."""

    help = "Fill the shop with demo goods, stock, postage and offers; safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        roles.make()
        added = filling.fill(at=at)
        terms.agree(at=at)
        reviews.fill(at=at)
        surveys.fill(at=at)
        self.stdout.write(f"The demo shop has {len(filling.WARES)} products; {added} of them are new.")
