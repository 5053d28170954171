"""A Redis cache that may be lost: while Redis is away it answers "nothing cached" at once instead of failing."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import Any, cast

import structlog
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import NoScriptError, RedisError

log = structlog.get_logger(__name__)

# After a failure Redis is left alone for this long, so that a hanging server costs one wait, not one a call.
REST_SECONDS = 5.0


# The last ``limit`` turns, the newest first: there are ``n`` where the oldest of those that they push out is over.
# Several at once count from a moment ahead (ARGV[5]), when the last of them may be used.
_TURNS = """
local limit, seconds, at = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local oldest
for _, n in ipairs({tonumber(ARGV[4]), 1}) do
  oldest = redis.call('LINDEX', KEYS[1], limit - n)
  if not oldest or tonumber(oldest) <= at - seconds then
    for _ = 1, n do redis.call('LPUSH', KEYS[1], n == 1 and ARGV[3] or ARGV[5]) end
    redis.call('LTRIM', KEYS[1], 0, limit - 1)
    redis.call('EXPIRE', KEYS[1], math.ceil(seconds + tonumber(ARGV[5]) - at))
    return n
  end
end
return oldest
"""
_TURNS_SHA = hashlib.sha1(_TURNS.encode(), usedforsecurity=False).hexdigest()


class Breaker:
    """Remembers, for all threads of this process, that a Redis server did not answer a moment ago."""

    def __init__(self) -> None:
        self._until = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the server should be left alone now."""
        return time.monotonic() < self._until

    def open(self) -> None:
        """Leave the server alone for a while."""
        self._until = time.monotonic() + REST_SECONDS

    def close(self) -> None:
        """Ask the server again at once."""
        self._until = 0.0


_breakers: dict[str, Breaker] = {}


def breaker_of(server: str) -> Breaker:
    """Return the breaker that everybody who speaks to this server shares, the broker's clients included."""
    # Of several Sentinels, as the broker names them, the first stands for all (config.redis_servers).
    return _breakers.setdefault(server.partition(";")[0], Breaker())


class _KeptClient(RedisCacheClient):
    """Django's client of Redis, which makes its own client once for each pool: to make one costs more than a call."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kept: dict[int, Any] = {}

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        index = self._get_connection_pool_index(write)  # type: ignore[attr-defined]  # the stubs leave it out
        found = self._kept.get(index)
        if found is None:
            found = self._kept[index] = super().get_client(key, write=write)
        return found


class SoftRedisCache(RedisCache):
    """Django's Redis cache with short time-outs and a circuit breaker.

    Every operation answers as if the key were absent while Redis cannot be reached. Nothing the shop
    promises may rest on it: it holds throttles, WeChat's access token and other things that can be had again.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        options = dict(params.get("OPTIONS") or {})
        options.setdefault("socket_connect_timeout", 0.5)
        options.setdefault("socket_timeout", 0.5)
        super().__init__(server, {**params, "OPTIONS": options})
        self._class = _KeptClient
        self.breaker = breaker_of(server)

    def _softly(self, call: Callable[[], Any], otherwise: Any) -> Any:
        if self.breaker.is_open:
            return otherwise
        try:
            return call()
        except (RedisError, OSError) as error:
            self.breaker.open()
            log.warning("cache_away", error=type(error).__name__)
            return otherwise

    def turns(
        self, key: str, *, limit: int, seconds: float, at: float, turns: int, until: float
    ) -> tuple[int, float | None]:
        """Take ``turns`` of ``limit`` turns within any ``seconds``, or at least one: how many, or how long to wait.

        Several are to be used before ``until``, and count as if they were used then. One round trip, and exact however
        many ask at once. While Redis is away the answer is (0, None): everybody has a turn, and nobody several.
        """
        kept = self.make_and_validate_key(key)

        def ask() -> tuple[int, float | None]:
            # Without the client's wrapping of a call in retries and events: every request of the shop comes by here.
            pool = cast(Any, self._cache)._get_connection_pool(write=True)
            connection = pool.get_connection()
            told = (1, kept, limit, seconds, at, turns, until)
            try:
                connection.send_command("EVALSHA", _TURNS_SHA, *told)
                said = connection.read_response()
            except NoScriptError:
                connection.send_command("EVAL", _TURNS, *told)
                said = connection.read_response()
            except BaseException:
                connection.disconnect()
                raise
            finally:
                pool.release(connection)
            return (said, None) if isinstance(said, int) else (0, max(0.0, seconds - (at - float(said))))

        answer: tuple[int, float | None] = self._softly(ask, (0, None))
        return answer

    def reachable(self) -> bool:
        """Ask Redis itself, breaker or not. Used by /readyz."""
        try:
            return bool(self._cache.get_client(None).ping())
        except (RedisError, OSError):
            return False

    def add(self, *args: Any, **kwargs: Any) -> Any:
        return self._softly(lambda: super(SoftRedisCache, self).add(*args, **kwargs), False)

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        return self._softly(lambda: super(SoftRedisCache, self).get(key, default, version), default)

    def set(self, *args: Any, **kwargs: Any) -> Any:
        return self._softly(lambda: super(SoftRedisCache, self).set(*args, **kwargs), None)

    def touch(self, *args: Any, **kwargs: Any) -> Any:
        return self._softly(lambda: super(SoftRedisCache, self).touch(*args, **kwargs), False)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        return self._softly(lambda: super(SoftRedisCache, self).delete(*args, **kwargs), False)

    def get_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._softly(lambda: super(SoftRedisCache, self).get_many(*args, **kwargs), {})

    def has_key(self, *args: Any, **kwargs: Any) -> Any:
        return self._softly(lambda: super(SoftRedisCache, self).has_key(*args, **kwargs), False)

    def set_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._softly(lambda: super(SoftRedisCache, self).set_many(*args, **kwargs), [])

    def delete_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._softly(lambda: super(SoftRedisCache, self).delete_many(*args, **kwargs), None)

    def clear(self) -> Any:
        return self._softly(lambda: super(SoftRedisCache, self).clear(), False)
