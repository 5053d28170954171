"""``manage.py draw_demo_pictures``: draw the demo shop's pictures into the source tree, for whoever changes a shape."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from apps.demo import filling


class Command(BaseCommand):
    """Draws all of them; what is drawn is committed."""

    help = "Draw the demo shop's pictures into apps/demo/drawings."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{filling.redraw()} pictures drawn")
