"""Commands that reckon something up: a line for each row that does not add up, and exit status 1 if there is any."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError


class CheckCommand(BaseCommand):
    """``broken`` follows the number of faults where there is any, ``whole`` is said where there is none."""

    broken: ClassVar[str]
    whole: ClassVar[str]

    def faults(self) -> Iterable[str]:
        """A line for each fault, as it is found."""
        raise NotImplementedError

    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        for line in self.faults():
            count += 1
            self.stdout.write(line)
        if count:
            raise CommandError(f"{count} {self.broken}")
        self.stdout.write(self.whole)
