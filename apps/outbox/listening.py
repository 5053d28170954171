"""What a listener may say to the post room: run me outside a transaction; tell me many at once; try me again later."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any, TypeVar

from mall.events import Event

Listener = TypeVar("Listener", bound=Callable[..., Any])

# Hears several pieces of news in the caller's transaction, as the listener would one after the other; returns those that it
# has left alone, which the listener itself hears then, each in its own transaction. Nobody is told when they happened.
HeardTogether = Callable[..., Collection[Event]]

_announced_at: ContextVar[datetime | None] = ContextVar("outbox_announced_at", default=None)
_MARK = "outbox_outside_transaction"
_MANY = "outbox_together"


class TryLater(Exception):
    """The listener could not do its work yet; the delivery backs off and comes again.

    ``after`` overrides the usual back-off. ``why`` is shown to operators.
    """

    def __init__(self, why: str, *, after: timedelta | None = None) -> None:
        self.why = why
        self.after = after
        super().__init__(why)


def outside_transaction(listener: Listener) -> Listener:
    """Mark a listener that talks to another machine: it opens its own transactions, after the call."""
    setattr(listener, _MARK, True)
    return listener


def wants_no_transaction(listener: Callable[..., Any]) -> bool:
    """Return whether the listener is marked with ``outside_transaction``."""
    return bool(getattr(listener, _MARK, False))


def together(many: HeardTogether) -> Callable[[Listener], Listener]:
    """Mark a listener that hears much of the same, with what hears many at once: ``many(events, at=at)``."""

    def mark(listener: Listener) -> Listener:
        setattr(listener, _MANY, many)
        return listener

    return mark


def heard_together(listener: Callable[..., Any]) -> HeardTogether | None:
    """What hears many of a listener's news at once, None where it hears one after the other."""
    many: HeardTogether | None = getattr(listener, _MANY, None)
    return many


def announced_at() -> datetime | None:
    """When the news that is being delivered was announced, that is when it happened; None for whoever hears none.

    Mail may be late: whoever asks what came after the news counts from this moment, not from the delivery.
    """
    return _announced_at.get()


@contextmanager
def hearing_of(moment: datetime) -> Iterator[None]:
    """Have ``announced_at`` answer this moment while a listener hears of it."""
    heard = _announced_at.set(moment)
    try:
        yield
    finally:
        _announced_at.reset(heard)
