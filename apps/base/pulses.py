"""Heartbeats of beat and workers, kept in PostgreSQL so that an emptied Redis does not look like a dead shop."""

from __future__ import annotations

from datetime import datetime, timedelta

from apps.base import clock
from apps.base.models import Pulse

# Beat rings every 10 s; a minute of silence is a fault.
SILENT_AFTER = timedelta(seconds=60)
# What the column holds: 24 days. A clock that is further away is wrong enough.
_MOST_MS = 2**31 - 1


def beat_heard(*, name: str, at: datetime, ahead: timedelta = timedelta(0)) -> None:
    """Note that ``name`` (``beat`` or ``worker``) was alive at ``at``, its clock so far ahead of the database's."""
    ahead_ms = max(-_MOST_MS, min(_MOST_MS, round(ahead.total_seconds() * 1000)))
    Pulse.objects.update_or_create(name=name, defaults={"heard_at": at, "ahead_ms": ahead_ms})


def pulse(*, name: str) -> None:
    """The same, now: by the database's clock, so that a process in the future is not alive for ever."""
    at, ahead = clock.read()
    beat_heard(name=name, at=at, ahead=ahead)


def clocks(*, at: datetime) -> dict[str, timedelta]:
    """How far the clocks of those that were heard within the last minute are ahead of the database's."""
    heard = Pulse.objects.filter(heard_at__gt=at - SILENT_AFTER).order_by("name")
    return {name: timedelta(milliseconds=ms) for name, ms in heard.values_list("name", "ahead_ms")}


def silent(*, names: tuple[str, ...], at: datetime) -> list[str]:
    """Return those of ``names`` that were not heard within the last minute."""
    alive = set(Pulse.objects.filter(heard_at__gt=at - SILENT_AFTER).values_list("name", flat=True))
    return [name for name in names if name not in alive]
