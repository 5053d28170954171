"""Listeners for the post room's tests: they note what they heard, or fail as told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import connection

from apps import outbox
from apps.base.models import Pulse
from mall.events import Event

heard: list[Event] = []
in_transaction: list[bool] = []
many: list[int] = []


def note(event: Event, *, at: datetime) -> None:
    heard.append(event)


def write_then_fail(event: Event, *, at: datetime) -> None:
    Pulse.objects.create(name="half done", heard_at=at)
    raise RuntimeError("broken listener")


def come_back_in_an_hour(event: Event, *, at: datetime) -> None:
    raise outbox.TryLater("not yet", after=timedelta(hours=1))


@outbox.outside_transaction
def talk_to_the_world(event: Event, *, at: datetime) -> None:
    in_transaction.append(any(not getattr(b, "_from_testcase", False) for b in connection.atomic_blocks))


BOARD: dict[type[Event], list[str]] = {}
MOVED: dict[str, str] = {}


def note_many(events: Sequence[Event], *, at: datetime) -> Collection[Event]:
    """Hear all but what is of member 13, who is heard alone; fail where member 66 is among them."""
    many.append(len(events))
    Pulse.objects.create(name=f"half done {len(many)}", heard_at=at)
    if any(event.payload()["member_id"] == 66 for event in events):
        raise RuntimeError("broken together")
    left = [event for event in events if event.payload()["member_id"] == 13]
    heard.extend(event for event in events if event not in left)
    return left


@outbox.together(note_many)
def note_or_fail(event: Event, *, at: datetime) -> None:
    if event.payload()["member_id"] == 66:
        raise RuntimeError("broken listener")
    heard.append(event)
