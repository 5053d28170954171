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
from typing import Final, NamedTuple

from django.core.cache import cache

_SECONDS: Final = 2
# So long a process believes a mark that it saw: a process asks Redis some times a second, not for each refusal.
_NEAR_SECONDS: Final = 0.2
# So much longer, while one of its threads asks again.
_ASKING_SECONDS: Final = 0.05
_MOST_NEAR: Final = 1_000


class _Mark(NamedTuple):
    """Who has a right in spite of a mark; until when it is believed, and until when it is worth asking for it again."""

    but_for: frozenset[int]
    believed_until: float
    known_until: float


_near: dict[int, _Mark] = {}
# Until when any mark that this process saw is worth asking for again.
_last_until = 0.0


def is_closed(good_id: int, *, member_id: int) -> bool:
    """Whether somebody has just seen that nothing is left for the member, and nothing came back since."""
    mark = _believed(good_id) or _asked(good_id)
    return mark is not None and member_id not in mark.but_for


def any_known() -> bool:
    """Whether this process has just seen any mark, which may be there still. Asks nobody."""
    return time.monotonic() < _last_until


def is_known(good_id: int) -> bool:
    """Whether this process has just seen a mark of this good, whomever it lets in. Asks nobody."""
    mark = _near.get(good_id)
    return mark is not None and time.monotonic() < mark.known_until


def is_known_closed(good_id: int, *, member_id: int) -> bool:
    """``is_closed`` by a mark that this process has just seen; without one, it is open. Asks Redis now and then."""
    return is_known(good_id) and is_closed(good_id, member_id=member_id)


def close(good_id: int, *, but_for: Collection[int]) -> None:
    """Nothing is left but for these members, who have a right."""
    cache.set(_key(good_id), list(but_for), timeout=_SECONDS)


def reopen(good_id: int) -> None:
    """Something came back, or somebody has a right: ask PostgreSQL again."""
    _near.pop(good_id, None)
    cache.delete(_key(good_id))


def _believed(good_id: int) -> _Mark | None:
    """The mark that this process saw so shortly ago that it need not ask."""
    mark = _near.get(good_id)
    return mark if mark is not None and time.monotonic() < mark.believed_until else None


def _asked(good_id: int) -> _Mark | None:
    """The mark as Redis has it now. Other threads go on believing the last one until that is known."""
    now = time.monotonic()
    last = _near.get(good_id)
    if last is not None:
        _near[good_id] = last._replace(believed_until=now + _ASKING_SECONDS)
    found: Collection[int] | None = cache.get(_key(good_id))
    if found is None:
        _near.pop(good_id, None)
        return None
    if len(_near) >= _MOST_NEAR:
        _near.clear()
    now = time.monotonic()
    mark = _Mark(frozenset(found), now + _NEAR_SECONDS, now + _SECONDS)
    global _last_until  # -- one assignment, which threads may do side by side
    _last_until = mark.known_until
    _near[good_id] = mark
    return mark


def _key(good_id: int) -> str:
    return f"flash:sold-out:{good_id}"
