"""What a listener may say to the post room: run me outside a transaction; try me again later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

Listener = TypeVar("Listener", bound=Callable[..., Any])

_MARK = "outbox_outside_transaction"


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
