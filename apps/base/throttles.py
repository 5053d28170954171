"""How often one may knock. Counted in Redis; while Redis is away everybody is let in.

Who knocks many times a second is let in by a lease: this process takes several turns of theirs at once, and counts them
down by itself. Leased turns count as if each were taken when the lease ends, so that never more than the rate come in
within any of its windows; what is not used is given back with the next question, or lost where this process asks no more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final, cast

from django.core.cache import cache
from django.http import HttpRequest, QueryDict
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle, SimpleRateThrottle

# How long a lease lasts, and which part of a rate it may take at most.
_LEASE_SECONDS: Final = 1.0
_SOON_SECONDS: Final = 0.5
_LEASED_PART: Final = 100
_MOST_LEASED: Final = 100
# So many who knock are remembered at once.
_MOST_KNOWN: Final = 10_000


class _Lease:
    """The turns that this process still has, of those that it took at ``since``."""

    __slots__ = ("left", "since", "taken")

    def __init__(self, since: float, taken: int) -> None:
        self.since = since
        self.taken = taken
        # A list, because popping is one step for all threads; the first turn is the caller's.
        self.left = [None] * (taken - 1)

    @property
    def until(self) -> float:
        """When it ends, and from when its turns count."""
        return self.since + _LEASE_SECONDS

    def unused(self) -> int:
        """How many turns were left, to be given back: nobody gets them any more."""
        left = 0
        with suppress(IndexError):
            while True:
                self.left.pop()
                left += 1
        return left

    def next_size(self, *, at: float, most: int) -> int:
        """How many turns to take next: more while they are soon gone, as many as it took where they lasted, else one."""
        lasted = at - self.since
        if not 0 <= lasted < 2 * _LEASE_SECONDS:
            return 1
        if lasted >= _LEASE_SECONDS:
            return min(most, self.taken - len(self.left))
        return min(most, self.taken * 2 if lasted < _SOON_SECONDS else self.taken)


_leases: dict[tuple[str, int, int], _Lease] = {}
# Who asks for the same is one of so many; strangers that share one wait for a trip to Redis at most.
_asking: Final = tuple(threading.Lock() for _ in range(64))


def forget_leases() -> None:
    """Begin anew: what this process has taken is lost."""
    _leases.clear()


def take_turn(key: str, *, limit: int, seconds: int, at: float) -> float | None:
    """Take one of ``limit`` turns within any ``seconds``; None, or how many seconds there are to wait.

    Exact for a rate below two hundred. At most one round trip to Redis, none while a lease lasts.
    """
    most = min(limit // _LEASED_PART, _MOST_LEASED)
    if most < 2:
        _, wait = _asked(key, limit=limit, seconds=seconds, at=at, turns=1)
        return wait
    name = (key, limit, seconds)
    if _popped(_leases.get(name), at=at):
        return None
    # One asks for all who come at the same moment: each lease but the last would be lost with what is left of it.
    with _asking[hash(name) % len(_asking)]:
        lease = _leases.get(name)
        if _popped(lease, at=at):
            return None
        turns = 1 if lease is None else lease.next_size(at=at, most=most)
        back = (0, 0.0) if lease is None else (lease.unused(), lease.until)
        taken, wait = _asked(key, limit=limit, seconds=seconds, at=at, turns=turns, back=back)
        if taken:
            if len(_leases) >= _MOST_KNOWN:
                _leases.clear()
            _leases[name] = _Lease(at, taken)
    return wait


def _popped(lease: _Lease | None, *, at: float) -> bool:
    """Whether there was a turn left; also for who came a little before the lease was there."""
    if lease is None or not lease.left or abs(at - lease.since) >= _LEASE_SECONDS:
        return False
    try:
        lease.left.pop()
    except IndexError:
        return False  # another thread had the last one
    return True


def _asked(
    key: str, *, limit: int, seconds: int, at: float, turns: int, back: tuple[int, float] = (0, 0.0)
) -> tuple[int, float | None]:
    """How many turns Redis gave, and how long to wait if none; (0, None) while it is away."""
    ask: Callable[..., tuple[int, float | None]] = cache.turns  # type: ignore[attr-defined]  # SoftRedisCache has it
    return ask(key, limit=limit, seconds=seconds, at=at, turns=turns, until=at + _LEASE_SECONDS, back=back)


class _Rated(SimpleRateThrottle):
    """A throttle whose rate is read at each request, so that settings and tests may change it."""

    scope: str
    num_requests: int
    duration: int
    _wait: float | None = None

    def get_rate(self) -> str | None:
        rates: dict[str, str | None] = api_settings.DEFAULT_THROTTLE_RATES  # type: ignore[assignment]
        return rates.get(self.scope)

    def parse_rate(self, rate: str | None) -> Any:
        return _parsed(rate)

    def allow_request(self, request: Request | Caller, view: Any) -> bool:
        """Whether there is a turn left. A request takes one of each throttle, however often it is asked."""
        if self.rate is None:
            return True
        key = self.get_cache_key(request, view)  # type: ignore[arg-type]  # ours ask no more than a Caller has
        if key is None:
            return True
        taken = turns_taken(request)
        if key in taken:
            return True
        self._wait = take_turn(key, limit=self.num_requests, seconds=self.duration, at=self.timer())
        if self._wait is None:
            taken.add(key)
        return self._wait is None

    def wait(self) -> float | None:
        """Seconds until there is a turn again."""
        return self._wait

    def _key(self, ident: Any) -> str:
        return f"throttle:{self.scope}:{ident}"


class Caller:
    """Who knocks, before DRF has a request of its own: what throttles look at."""

    def __init__(self, request: HttpRequest, user: Any) -> None:
        self._request = request
        self.user = user
        self.META = request.META
        # Django makes its mapping of all headers when it is first asked for; no proxy in between, no need to.
        self.headers = request.headers if "HTTP_X_FORWARDED_FOR" in request.META else {}

    @property
    def query_params(self) -> QueryDict:
        return self._request.GET


def let_in(request: HttpRequest, user: Any, kinds: Sequence[type[BaseThrottle]]) -> bool:
    """Whether there is a turn of each kind for whoever knocks; the view's own throttles then take none again."""
    caller = cast(Request, Caller(request, user))
    return all(kind().allow_request(caller, cast(Any, None)) for kind in kinds)


def turns_taken(request: Request | Caller) -> set[str]:
    """The turns that this request has taken, by their keys."""
    plain: Any = request._request
    try:
        taken: set[str] = plain.turns_taken
    except AttributeError:
        taken = plain.turns_taken = set()
    return taken


@lru_cache(maxsize=64)
def _parsed(rate: str | None) -> tuple[int | None, int | None]:
    """How many in how many seconds a rate such as ``300/min`` means."""
    number, seconds = SimpleRateThrottle.parse_rate(cast(Any, None), rate)
    return number, seconds


class PerMember(_Rated):
    """Calls of one logged-in member."""

    scope = "member"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        return self._key(request.user.pk) if request.user else None


class PerAddress(_Rated):
    """Calls of nobody in particular, by network address."""

    scope = "address"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        return None if request.user else self._key(self.get_ident(request))


class Logins(_Rated):
    """Attempts to log in or refresh, by network address: high, since whole towns share one."""

    scope = "login"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        return self._key(self.get_ident(request))


class Searches(_Rated):
    """Searches, by member or network address."""

    scope = "search"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        if not request.query_params.get("q"):
            return None
        return self._key(request.user.pk if request.user else self.get_ident(request))


class Watches(_Rated):
    """A member's openings of pages that a reward is given for staying at, and words of having stayed."""

    scope = "watch"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        return self._key(request.user.pk) if request.user else None
