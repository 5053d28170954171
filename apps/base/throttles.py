"""How often one may knock. Counted in Redis; while Redis is away everybody is let in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import SimpleRateThrottle


class _Rated(SimpleRateThrottle):
    """A throttle whose rate is read at each request, so that settings and tests may change it."""

    scope: str
    num_requests: int
    duration: int
    _wait: float | None = None

    def get_rate(self) -> str | None:
        rates: dict[str, str | None] = api_settings.DEFAULT_THROTTLE_RATES  # type: ignore[assignment]
        return rates.get(self.scope)

    def allow_request(self, request: Request, view: Any) -> bool:
        """Whether there is a turn left; one round trip to Redis, where there is anything to count."""
        if self.rate is None:
            return True
        key = self.get_cache_key(request, view)
        if key is None:
            return True
        turn: Callable[..., float | None] = cache.turn  # type: ignore[attr-defined]
        self._wait = turn(key, limit=self.num_requests, seconds=self.duration, at=self.timer())
        return self._wait is None

    def wait(self) -> float | None:
        """Seconds until there is a turn again."""
        return self._wait

    def _key(self, ident: Any) -> str:
        return f"throttle:{self.scope}:{ident}"


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
