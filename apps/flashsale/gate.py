"""The gate before the rush: a mark in Redis that a good is sold out, so that the next thousand need not ask PostgreSQL.

It hands nothing out and counts nothing, so it can neither lose a unit nor make one: the truth is the guarded statement
in ``campaigns``. The mark is set by who has just read that nothing is left, and lasts for two seconds; whatever gives
a unit back takes it away after its commit. Emptied, lost or unreachable, Redis only makes refusals dearer. A mark that
is wrong, because a unit came back between the look and the mark, refuses for two seconds at most.
"""

from __future__ import annotations

from typing import Final

from django.core.cache import cache

_SECONDS: Final = 2


def is_closed(good_id: int) -> bool:
    """Whether somebody has just seen that nothing is left, and nothing came back since."""
    return bool(cache.get(_key(good_id)))


def close(good_id: int) -> None:
    """Nothing is left, for anybody."""
    cache.set(_key(good_id), 1, timeout=_SECONDS)


def reopen(good_id: int) -> None:
    """Something came back, or somebody has a right: ask PostgreSQL again."""
    cache.delete(_key(good_id))


def _key(good_id: int) -> str:
    return f"flash:sold-out:{good_id}"
