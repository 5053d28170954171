"""A group's progress as it is kept in Redis: read a hundred times for each time that it changes, and exact all the same.

Beside what is kept stands a mark. Whoever changes a group writes an open mark before its transaction commits and a new
closed one after it, before anybody is answered; a reader keeps what it read under the mark that it saw before reading, and
an open mark keeps nothing. So whoever was told of a change reads it. Where Redis is lost in between, what was kept is
forgotten within seconds (``docs/adr/0026-progress-of-a-group.md``).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final, TypeVar

from django.core.cache import cache
from django.db import transaction

T = TypeVar("T")

# How late an answer can be where a writer did not reach Redis and a reader does.
KEEP_SECONDS: Final = 10
# An open mark whose writer died, or gave up: until then everybody asks the database.
_OPEN_SECONDS: Final = 30
_CLOSED_SECONDS: Final = 3600
_OPEN: Final = "~"


def kept(group_no: str, load: Callable[[], T]) -> T:
    """What ``load`` answers of the group, kept while it does not change: no statement then. Raises its LookupError."""
    mark_key, value_key = _keys(group_no)
    found = cache.get_many([mark_key, value_key])
    mark, value = found.get(mark_key), found.get(value_key)
    if mark is not None and value is not None and value[0] == mark:
        told: T = value[1]
        return told
    if mark is None:
        mark = secrets.token_hex(8)
        if not cache.add(mark_key, mark, timeout=_CLOSED_SECONDS):
            mark = cache.get(mark_key)
    try:
        loaded = load()
    except LookupError:
        cache.delete(mark_key)  # of what nobody has, nothing is kept
        raise
    if mark is not None and not mark.startswith(_OPEN):
        cache.set(value_key, (mark, loaded), timeout=KEEP_SECONDS)
    return loaded


def changes(group_no: str) -> None:
    """The group changes in this transaction, whose lock on it the caller has: what was kept of it is good no more."""
    mark_key, _ = _keys(group_no)
    opened = _OPEN + secrets.token_hex(8)
    cache.set(mark_key, opened, timeout=_OPEN_SECONDS)

    def close() -> None:
        # The next writer may have opened a mark of its own by now: that one stays open.
        if cache.get(mark_key) in {opened, None}:
            cache.set(mark_key, secrets.token_hex(8), timeout=_CLOSED_SECONDS)

    transaction.on_commit(close)


def _keys(group_no: str) -> tuple[str, str]:
    return f"group:{group_no}:mark", f"group:{group_no}:told"
