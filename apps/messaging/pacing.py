"""How fast the shop speaks to a channel: so many sends a second over all processes, and a rest where it asks for one.

Counted in Redis; while Redis is away each process keeps to one send a second, far below what WeChat takes.
"""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta
from typing import Any, Final, cast

from django.conf import settings
from django.core.cache import cache

from apps.messaging.states import Channel

_ALONE_SECONDS: Final = 1.0
_local = threading.Lock()
# When this process sent last while Redis was away, and until when a channel rests, by the stopwatch.
_last_alone: dict[str, float] = {}
_resting_until: dict[str, float] = {}


def turn(channel: Channel, *, at: datetime) -> float:
    """Take a turn to send now: 0, or how many seconds to wait before asking again."""
    rest = _rest_of(channel, at=at)
    if rest > 0:
        return rest
    limit = settings.MESSAGE_SENDS_PER_SECOND
    now = at.timestamp()
    taken, wait = cast(Any, cache).turns(
        f"messaging:turns:{channel}", limit=limit, seconds=1.0, at=now, turns=1, until=now
    )
    if taken:
        return 0.0
    return _alone(channel) if wait is None else max(wait, 0.001)


def rest(channel: Channel, *, lasting: timedelta, at: datetime) -> None:
    """Have all processes leave a channel alone for a while; without Redis at least this one."""
    seconds = lasting.total_seconds()
    cache.set(f"messaging:rest:{channel}", at.timestamp() + seconds, timeout=int(seconds) + 1)
    with _local:
        _resting_until[channel] = time.monotonic() + seconds


def forget() -> None:
    """Begin anew: no channel rests, as far as this process knows."""
    with _local:
        _last_alone.clear()
        _resting_until.clear()


def _rest_of(channel: Channel, *, at: datetime) -> float:
    until = cache.get(f"messaging:rest:{channel}")
    if until is not None:
        return max(0.0, float(until) - at.timestamp())
    with _local:
        return max(0.0, _resting_until.get(channel, 0.0) - time.monotonic())


def _alone(channel: Channel) -> float:
    """A turn of this process's own, one a second."""
    with _local:
        now = time.monotonic()
        wait = _last_alone.get(channel, -_ALONE_SECONDS) + _ALONE_SECONDS - now
        if wait <= 0:
            _last_alone[channel] = now
        return max(wait, 0.0)
