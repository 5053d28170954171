"""``manage.py refresh_search``: derives the search words of all products again, after an upgrade that changed them."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from apps.catalog import services as catalog


class Command(BaseCommand):
    help = "Derive the search words of all products again, in small batches; safe to run again and beside the shop."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"described {catalog.refresh_search_words()} products")
