"""``manage.py remake_pictures``: draw pictures anew that were kept as they were uploaded. Broken off, run it again."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.pictures import remaking


class Command(BaseCommand):
    """Says what it drew; ends with 1 where pictures were left as they are."""

    help = (
        "Draw pictures of former days anew: upright, sRGB, in three sizes. Goes on where it was broken off."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--limit", type=int, help="draw so many pictures and stop")

    def handle(self, *args: Any, **options: Any) -> None:
        told = self.stdout.write if options["verbosity"] > 1 else lambda line: None
        made = remaking.remake(limit=options["limit"], tell=told)
        self.stdout.write(f"{made.done} pictures drawn anew")
        for name, why in made.left:
            self.stderr.write(f"{name}: {why}")
        if made.left:
            raise CommandError(f"{len(made.left)} pictures were left as they are")
