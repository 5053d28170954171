"""``manage.py check_invariants``: reckons up every promise of the shop; exit status 1 and a line for each fault."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.base import invariants


class Command(BaseCommand):
    help = "Compare stock, money, ledgers and statuses with what they must add up to; names pick some of the promises."

    def add_arguments(self, parser: CommandParser) -> None:
        names = [invariant.name for invariant in invariants.board()]
        parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of: {', '.join(names)}")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = options["names"]
        known = {invariant.name: invariant for invariant in invariants.board()}
        if unknown := [name for name in wanted if name not in known]:
            raise CommandError(f"no such promise: {', '.join(unknown)}")
        chosen = [known[name] for name in wanted] if wanted else list(known.values())
        faults = 0
        for invariant, line in invariants.broken(chosen):
            faults += 1
            self.stdout.write(f"{invariant.name}: {line}")
        if faults:
            raise CommandError(f"{faults} faults")
        self.stdout.write(f"all {len(chosen)} promises hold")
