"""Draws every lifecycle of the shop into docs/guide/lifecycles.md, or checks that the drawing is true."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from mall.lifecycle import Lifecycle

_HEAD = """# Lifecycles

Drawn from the tables in `apps/*/states.py` by `make diagrams`; CI refuses a drawing that differs from the code.
"""


class Command(BaseCommand):
    help = "Draw all lifecycles into docs/guide/lifecycles.md (--check: only compare)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="Fail if the committed drawing differs.")

    def handle(self, *args: Any, **options: Any) -> None:
        page = Path(settings.BASE_DIR) / "docs" / "guide" / "lifecycles.md"
        drawn = _HEAD + "".join(
            f"\n## {lifecycle.name}\n\n```mermaid\n{lifecycle.mermaid().strip()}\n```\n"
            for lifecycle in _lifecycles()
        )
        if not options["check"]:
            page.write_text(drawn, encoding="utf-8")
        elif not page.exists() or page.read_text(encoding="utf-8") != drawn:
            raise CommandError("docs/guide/lifecycles.md differs from the code: run make diagrams")


def _lifecycles() -> list[Lifecycle]:
    """Return every lifecycle that an installed room declares in its states module, by name."""
    found = {}
    for room in apps.get_app_configs():
        name = f"{room.name}.states"
        if room.name.startswith("apps.") and find_spec(name):
            for value in vars(import_module(name)).values():
                if isinstance(value, Lifecycle):
                    found[value.name] = value
    return [found[name] for name in sorted(found)]
