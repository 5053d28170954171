"""What must be true of the shop's rows at any moment: how a room says so, and what the last look found.

The board is ``config/invariants.py``; rooms above are found there by their path, so that this floor knows none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.db import models
from django.db.models import QuerySet
from django.utils.module_loading import import_string
from prometheus_client import Gauge

from apps.base import transactions
from apps.base.models import Reckoning

log = structlog.get_logger(__name__)

# As many faults as a person reads; all of them are counted, and printed by the command.
KEPT_LINES = 50
_FAULTS = Gauge(
    "mall_invariant_faults",
    "Rows that break a promise, at the last look",
    ["invariant"],
    multiprocess_mode="max",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """A line of the board: the word, what operators read, and the dotted paths of what finds rows that break it."""

    name: str
    title: str
    faults: tuple[str, ...]

    def found(self) -> Iterator[str]:
        """A line for each row that breaks it, as it is found; nothing, if all is well."""
        for path in self.faults:
            find: Callable[[], Iterable[Any]] = import_string(path)
            for fault in find():
                yield _line(fault)


def board() -> Sequence[Invariant]:
    """Return the board (settings.INVARIANTS)."""
    found: Sequence[Invariant] = import_string(settings.INVARIANTS)
    return found


def broken(invariants: Iterable[Invariant]) -> Iterator[tuple[Invariant, str]]:
    """Each fault of each invariant, as it is found. Every look sees one moment; none of them locks a row."""
    for invariant in invariants:
        with transactions.patient():
            for line in invariant.found():
                yield invariant, line


def reckon(*, at: datetime) -> int:
    """Look at the whole board, keep what was found for operators and alarms, and return how many faults there are."""
    total = 0
    for invariant in board():
        lines: list[str] = []
        count = 0
        for _, line in broken([invariant]):
            count += 1
            if len(lines) < KEPT_LINES:
                lines.append(line)
        _keep(invariant, count=count, lines=lines, at=at)
        total += count
    Reckoning.objects.exclude(name__in=[invariant.name for invariant in board()]).delete()
    return total


def unfulfilled() -> QuerySet[Reckoning]:
    """The promises that did not hold at the last look."""
    return Reckoning.objects.filter(faults__gte=1)


def _keep(invariant: Invariant, *, count: int, lines: list[str], at: datetime) -> None:
    row, _ = Reckoning.objects.get_or_create(
        name=invariant.name, defaults={"title": invariant.title, "checked_at": at}
    )
    row.title, row.checked_at, row.faults, row.lines = invariant.title, at, count, "\n".join(lines)
    row.broken_since = (row.broken_since or at) if count else None
    row.save()
    _FAULTS.labels(invariant=invariant.name).set(count)
    if count:
        log.error("invariant_broken", name=invariant.name, count=count)


def _line(fault: Any) -> str:
    """A fault in one line, without anything of a person: rooms tell numbers and sums."""
    if isinstance(fault, models.Model):
        return f"{fault._meta.label} {fault.pk}"
    if hasattr(fault, "_asdict"):
        return ", ".join(f"{name} {value}" for name, value in fault._asdict().items())
    return " ".join(str(part) for part in fault) if isinstance(fault, tuple) else str(fault)
