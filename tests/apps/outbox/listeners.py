"""Listeners for the post room's tests: they note what they heard, or fail as told."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

from apps import outbox
from apps.base.models import Pulse
from mall.events import Event

heard: list[Event] = []
in_transaction: list[bool] = []


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
