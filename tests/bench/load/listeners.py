"""Two listeners that do nothing, so that the post room is measured and not what listeners do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from config import subscriptions
from mall import events

# What is announced for them alone while the bench runs.
NEWS: Final = events.ProfileCompleted
SUBSCRIPTIONS: Mapping[type[events.Event], Sequence[str]] = {
    **subscriptions.SUBSCRIPTIONS,
    NEWS: ["tests.bench.load.listeners.first", "tests.bench.load.listeners.second"],
}


def first(event: events.Event, *, at: datetime) -> None:
    """Hear it."""


def second(event: events.Event, *, at: datetime) -> None:
    """Hear it, too."""
