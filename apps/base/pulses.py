"""Heartbeats of beat and workers, kept in PostgreSQL so that an emptied Redis does not look like a dead shop."""

from __future__ import annotations

from datetime import datetime, timedelta

from apps.base.models import Pulse

# Beat rings every 10 s; a minute of silence is a fault.
SILENT_AFTER = timedelta(seconds=60)


def beat_heard(*, name: str, at: datetime) -> None:
    """Note that ``name`` (``beat`` or ``worker``) was alive at ``at``."""
    Pulse.objects.update_or_create(name=name, defaults={"heard_at": at})


def silent(*, names: tuple[str, ...], at: datetime) -> list[str]:
    """Return those of ``names`` that were not heard within the last minute."""
    alive = set(Pulse.objects.filter(heard_at__gt=at - SILENT_AFTER).values_list("name", flat=True))
    return [name for name in names if name not in alive]
