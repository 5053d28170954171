"""Listeners for the post room's tests: they note what they heard, or fail as told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import IntegrityError, OperationalError, connection, transaction

from apps import outbox
from apps.base.models import Pulse
from apps.catalog.models import Category
from mall.events import Event
from tests.apps.base import elsewhere

heard: list[Event] = []
in_transaction: list[bool] = []
many: list[int] = []


def note(event: Event, *, at: datetime) -> None:
    heard.append(event)


def write_then_fail(event: Event, *, at: datetime) -> None:
    Pulse.objects.create(name="half done", heard_at=at)
    raise RuntimeError("broken listener")


class _Mute(Exception):
    """An error whose own text cannot be had."""

    def __str__(self) -> str:
        raise LookupError


# What hardly can be written down, by the member whose news fails so.
UNSPEAKABLE: dict[int, Exception] = {
    1: RuntimeError("a\0b"),
    2: RuntimeError("a\ud800b"),
    3: _Mute(),
    4: outbox.TryLater("x\0y"),
    5: outbox.TryLater("x", after=timedelta.max),
}


def fail_unspeakably(event: Event, *, at: datetime) -> None:
    failure = UNSPEAKABLE.get(event.payload()["member_id"])
    if failure is not None:
        raise failure
    heard.append(event)


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


rung: list[str] = []


def ring(event: Event, *, at: datetime) -> None:
    transaction.on_commit(lambda: rung.append(event.payload()["order_no"]))


def ring_then_fail(event: Event, *, at: datetime) -> None:
    ring(event, at=at)
    write_then_fail(event, at=at)


def ring_wrongly(event: Event, *, at: datetime) -> None:
    def wrong() -> None:
        raise RuntimeError("broken bell")

    transaction.on_commit(wrong)


def break_at_commit(event: Event, *, at: datetime) -> None:
    """Member 66 has a child of nobody's, which the deferred constraint says when all is over."""
    Pulse.objects.create(name=f"half done {event.payload()['order_no']}", heard_at=at)
    if event.payload()["member_id"] == 66:
        Category.objects.create(name="孤儿", parent_id=-1)


def break_at_commit_together(events: Sequence[Event], *, at: datetime) -> Collection[Event]:
    many.append(len(events))
    for event in events:
        break_at_commit(event, at=at)
    return []


@outbox.together(break_at_commit_together)
def break_at_commit_or_together(event: Event, *, at: datetime) -> None:
    break_at_commit(event, at=at)


def hang_up(event: Event, *, at: datetime) -> None:
    Pulse.objects.create(name="half done", heard_at=at)
    elsewhere.kill_ours()
    Pulse.objects.count()


def hang_up_at_the_end(event: Event, *, at: datetime) -> None:
    ring(event, at=at)
    Pulse.objects.create(name="half done", heard_at=at)
    elsewhere.kill_ours()


def hang_up_and_go_on(event: Event, *, at: datetime) -> None:
    hang_up_at_the_end(event, at=at)
    with suppress(OperationalError):
        Pulse.objects.count()


def swallow(event: Event, *, at: datetime) -> None:
    """Go on as if nothing was, in a transaction that can only be rolled back."""
    Pulse.objects.create(name="half done", heard_at=at)
    with suppress(IntegrityError):
        Pulse.objects.create(name="half done", heard_at=at)


# What is done while a listener works, once; and whether it fails then.
meanwhile: list[Callable[[], object]] = []


def fail_first(event: Event, *, at: datetime) -> None:
    """Fail where somebody has something to do meanwhile, hear it else."""
    if meanwhile:
        meanwhile.pop()()
        raise RuntimeError("broken listener")
    heard.append(event)


@outbox.outside_transaction
def fail_first_outside(event: Event, *, at: datetime) -> None:
    fail_first(event, at=at)
