"""The gate before the rush: a mark in Redis that a good is sold out, so that the next thousand need not ask PostgreSQL.

It hands nothing out and counts nothing, so it can neither lose a unit nor make one: the truth is the guarded statement
in ``campaigns``. The mark is set by who has just read that nothing is left, names who has a right to a unit all the same,
and lasts for two seconds; whatever gives a unit back takes it away after its commit. Emptied, lost or unreachable, Redis
only makes refusals dearer. A mark that is wrong, because a unit came back between the look and the mark, refuses for
two seconds at most.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Final

from django.core.cache import cache

_SECONDS: Final = 2
# So long a process believes a mark that it saw: a process asks Redis some times a second, not for each refusal.
_NEAR_SECONDS: Final = 0.2
_MOST_NEAR: Final = 1_000
_near: dict[int, tuple[float, frozenset[int]]] = {}
# Until when the mark that this process saw last is believed.
_last_until = 0.0


def is_closed(good_id: int, *, member_id: int) -> bool:
    """Whether somebody has just seen that nothing is left for the member, and nothing came back since."""
    seen = _seen(good_id)
    if seen is not None:
        return member_id not in seen
    found: Collection[int] | None = cache.get(_key(good_id))
    if found is None:
        _near.pop(good_id, None)
        return False
    if len(_near) >= _MOST_NEAR:
        _near.clear()
    global _last_until  # -- one assignment, which threads may do side by side
    _last_until = time.monotonic() + _NEAR_SECONDS
    _near[good_id] = (_last_until, frozenset(found))
    return member_id not in found


def any_seen() -> bool:
    """Whether this process believes any mark at this moment. Asks nobody."""
    return time.monotonic() < _last_until


def was_seen(good_id: int) -> bool:
    """Whether this process believes a mark of this good at this moment, whomever it lets in. Asks nobody."""
    return _seen(good_id) is not None


def was_seen_closed(good_id: int, *, member_id: int) -> bool:
    """Whether this process believes a mark that shuts the member out. Asks nobody: where it is not sure, it is open."""
    seen = _seen(good_id)
    return seen is not None and member_id not in seen


def close(good_id: int, *, but_for: Collection[int]) -> None:
    """Nothing is left but for these members, who have a right."""
    cache.set(_key(good_id), list(but_for), timeout=_SECONDS)


def reopen(good_id: int) -> None:
    """Something came back, or somebody has a right: ask PostgreSQL again."""
    _near.pop(good_id, None)
    cache.delete(_key(good_id))


def _seen(good_id: int) -> frozenset[int] | None:
    """Who has a right by the mark that this process saw; None where it saw none so shortly ago."""
    seen = _near.get(good_id)
    return seen[1] if seen is not None and time.monotonic() < seen[0] else None


def _key(good_id: int) -> str:
    return f"flash:sold-out:{good_id}"
