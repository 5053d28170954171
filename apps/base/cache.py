"""A Redis cache that may be lost: while Redis is away it answers "nothing cached" at once instead of failing."""

from __future__ import annotations

import hashlib
import os
import socket
import struct
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, cast

import structlog
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import ConnectionError, NoScriptError, RedisError

log = structlog.get_logger(__name__)

# After a failure Redis is left alone for this long, so that a hanging server costs one wait, not one a call.
REST_SECONDS = 5.0
# A call that fails sooner has not waited for anybody: the connection was gone before it.
_AT_ONCE: Final = 0.1


# The last ``limit`` turns, the newest first: there are ``n`` where the oldest of those that they push out is over.
# Several at once count from a moment ahead (ARGV[5]), when the last of them may be used; of those that were taken before,
# so many (ARGV[6]) that counted from another moment (ARGV[7]) are given back.
_TURNS = """
local limit, seconds, at = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if tonumber(ARGV[6]) > 0 then redis.call('LREM', KEYS[1], ARGV[6], ARGV[7]) end
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


class _Line:
    """A thread's own connection for the calls that nearly every request of the shop makes: a turn, a nudge.

    Django makes a cache for each thread, so nobody else speaks on it. It is neither looked at before a call nor waited for
    by Python: the kernel keeps the time. Each of these lets go of the interpreter, and under load a thread waits longest
    for that. Where the server has hung up meanwhile, the call is made once more on a new connection.
    """

    def __init__(self, pool: Callable[[], Any]) -> None:
        self._pool = pool
        self._own: tuple[int, Any] | None = None

    def evaluated(self, *told: Any) -> Any:
        """What ``_TURNS`` answers. Raises RedisError, OSError."""
        try:
            return self._tried("EVALSHA", _TURNS_SHA, 1, *told)
        except NoScriptError:
            return self._tried("EVAL", _TURNS, 1, *told)

    def put_unless_there(self, key: str, number: int, *, seconds: int) -> bool:
        """Put a number for so long where nothing is. Raises RedisError, OSError."""
        return self._tried("SET", key, number, "NX", "EX", seconds) is not None

    def _tried(self, *command: Any) -> Any:
        is_new = self._own is None or self._own[0] != os.getpid()
        begun = time.monotonic()
        try:
            return self._said(command)
        except (ConnectionError, OSError):
            # Who has waited for the time-out does not wait a second time.
            if is_new or time.monotonic() - begun > _AT_ONCE:
                raise
            return self._said(command)

    def _said(self, command: Sequence[Any]) -> Any:
        """What is answered to a command."""
        connection = self._connected()
        try:
            connection.send_packed_command(connection.pack_command(*command), check_health=False)
            return connection.read_response()
        except NoScriptError:
            raise  # it was answered: the connection is well
        except BaseException:
            self._own = None
            connection.disconnect()
            self._pool().release(connection)
            raise

    def _connected(self) -> Any:
        if self._own is not None and self._own[0] == os.getpid():
            return self._own[1]
        connection = self._pool().get_connection()
        # A pair of longs: timeval of socket(7).
        wait = struct.pack("ll", *divmod(int(connection.socket_timeout * 1_000_000), 1_000_000))
        connection._sock.settimeout(None)
        connection._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, wait)
        connection._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, wait)
        self._own = (os.getpid(), connection)
        return connection


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
        self._line = _Line(lambda: cast(Any, self._cache)._get_connection_pool(write=True))
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
        self,
        key: str,
        *,
        limit: int,
        seconds: float,
        at: float,
        turns: int,
        until: float,
        back: tuple[int, float] = (0, 0.0),
    ) -> tuple[int, float | None]:
        """Take ``turns`` of ``limit`` turns within any ``seconds``, or at least one: how many, or how long to wait.

        Several are to be used before ``until``, and count as if they were used then. ``back`` are so many of those that were
        taken until another moment and are not used any more. One round trip, and exact however
        many ask at once. While Redis is away the answer is (0, None): everybody has a turn, and nobody several.
        """
        kept = self.make_and_validate_key(key)

        def ask() -> tuple[int, float | None]:
            said = self._line.evaluated(kept, limit, seconds, at, turns, until, *back)
            return (said, None) if isinstance(said, int) else (0, max(0.0, seconds - (at - float(said))))

        answer: tuple[int, float | None] = self._softly(ask, (0, None))
        return answer

    def reachable(self) -> bool:
        """Ask Redis itself, breaker or not. Used by /readyz."""
        try:
            return bool(self._cache.get_client(None).ping())
        except (RedisError, OSError):
            return False

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> Any:
        if type(value) is int and type(timeout) is int and timeout > 0:
            # As Django writes a number: as it is.
            kept = self.make_and_validate_key(key, version=version)
            return self._softly(lambda: self._line.put_unless_there(kept, value, seconds=timeout), False)
        return self._softly(lambda: super(SoftRedisCache, self).add(key, value, timeout, version), False)

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
