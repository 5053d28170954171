"""Calls from WeChat to the shop: pay notifies and message pushes, retried on a schedule, every attempt recorded."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import requests

from apps.wechat.sandbox.wire import Json

if TYPE_CHECKING:
    from apps.wechat.sandbox.world import World

ANSWER_WITHIN_S = 5
PROBE_PAUSE_S = 0.05
DELIVERIES_KEPT = 5000
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Outgoing:
    """One HTTP POST to the shop; ``note`` names the fault in it, a ``probe`` is no try of the schedule."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    note: str = ""
    probe: bool = False


@dataclass(frozen=True)
class Attempt:
    """What the shop answered: ``status`` is None when no answer came, ``error`` then says why."""

    at: float
    status: int | None
    answer: str
    error: str
    note: str
    probe: bool
    accepted: bool


@dataclass(eq=False)
class Delivery:
    """One notification on its way; ``state`` is WAITING, HELD, ACCEPTED, GIVEN_UP or LOST."""

    channel: str
    event: str
    about: str
    url: str
    content: Json
    compose: Callable[[], Outgoing]
    is_accepted: Callable[[int, str], bool]
    pauses_s: Sequence[float]
    number: int = field(default_factory=lambda: next(_numbers))
    state: str = "WAITING"
    tries: int = 0
    attempts: list[Attempt] = field(default_factory=list)

    def view(self) -> Json:
        """Return what the page and the control API show."""
        return {
            "number": self.number,
            "channel": self.channel,
            "event": self.event,
            "about": self.about,
            "url": self.url,
            "state": self.state,
            "content": self.content,
            "attempts": [vars(attempt) for attempt in self.attempts],
        }


def start(world: World, delivery: Delivery, *, delay_s: float, copies: int = 0) -> None:
    """Deliver after ``delay_s`` (already scaled) and retry until accepted; ``copies`` more go out beside it."""
    remember(world, delivery)
    world.timetable.after(delay_s, partial(_try, world, delivery))
    for _ in range(copies):
        world.timetable.after(delay_s, partial(attempt, world, delivery))


def hold(world: World, delivery: Delivery) -> None:
    """Keep a notify back until another one has had its first attempt."""
    delivery.state = "HELD"
    remember(world, delivery)


def remember(world: World, delivery: Delivery) -> None:
    """Keep a delivery for the page, and drop the oldest of very many; what is dropped is sent no more."""
    world.deliveries[delivery.number] = delivery
    if len(world.deliveries) > DELIVERIES_KEPT:
        del world.deliveries[next(iter(world.deliveries))]


def attempt(world: World, delivery: Delivery) -> Attempt | None:
    """Send once, record it and tell how it went; None when a reset has forgotten the delivery."""
    with world.lock:
        if delivery.number not in world.deliveries:
            return None
        outgoing = delivery.compose()
    made = _post(outgoing, delivery.is_accepted)
    with world.lock:
        delivery.attempts.append(made)
        if made.accepted and not made.probe:
            delivery.state = "ACCEPTED"
        if delivery.channel == "pay":
            _release_held(world, besides=delivery)
    return made


def _release_held(world: World, *, besides: Delivery) -> None:
    for held in [row for row in world.deliveries.values() if row.state == "HELD" and row is not besides]:
        held.state = "WAITING"
        world.timetable.after(PROBE_PAUSE_S, partial(_try, world, held))


def _try(world: World, delivery: Delivery) -> None:
    """One try of the schedule, and the appointment for the next."""
    made = attempt(world, delivery)
    if made is None:
        return
    with world.lock:
        if made.probe:
            pause_s: float | None = PROBE_PAUSE_S
        elif delivery.state == "ACCEPTED":
            return
        else:
            left = delivery.pauses_s[delivery.tries :]
            pause_s = world.pace.scaled(left[0]) if left else None
            delivery.tries += 1
        if pause_s is None:
            delivery.state = "GIVEN_UP"
        else:
            world.timetable.after(pause_s, partial(_try, world, delivery))


def _post(outgoing: Outgoing, is_accepted: Callable[[int, str], bool]) -> Attempt:
    at = time.time()
    status, answer, error = None, "", ""
    with requests.Session() as session:
        session.trust_env = False  # no proxy between two processes of one machine
        try:
            response = session.post(
                outgoing.url,
                data=outgoing.body,
                headers=dict(outgoing.headers),
                timeout=ANSWER_WITHIN_S,
                allow_redirects=False,
            )
            status, answer = response.status_code, response.text[:2000]
        except requests.RequestException as failure:
            error = type(failure).__name__
    accepted = status is not None and is_accepted(status, answer)
    return Attempt(at, status, answer, error, outgoing.note, outgoing.probe, accepted)
