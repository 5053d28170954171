"""Each thread has connections of its own, which are looked up without thinking of programs that serve many in one thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.core.cache import caches
from django.db import connections


def elsewhere(find: Callable[[], Any]) -> Any:
    """What another thread finds."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(find()))
    thread.start()
    thread.join()
    return found[0]


def test_a_threads_connection_is_nobody_elses():
    assert elsewhere(lambda: connections["default"]) is not connections["default"]
    assert elsewhere(lambda: connections["default"] is connections["default"])
    assert elsewhere(lambda: caches["default"]) is not caches["default"]


def test_what_a_thread_has_not_opened_is_not_closed_by_it():
    assert "default" in {each.alias for each in connections.all(initialized_only=True)}
    assert elsewhere(lambda: connections.all(initialized_only=True)) == []


def test_django_is_looked_up_in_the_place_of_threads():
    """The attribute is Django's own: should a later one have another, this says it."""
    assert type(connections._connections) is threading.local  # type: ignore[attr-defined]
