"""Connections of the cache to whichever server Sentinel says leads; a new one asks anew, so a failover is followed."""

from __future__ import annotations

from typing import Any

from redis.sentinel import Sentinel, SentinelConnectionPool


class LeaderPool(SentinelConnectionPool):
    """The pool that Django's cache makes by ``from_url``; the options say which servers are meant (config.redis_servers)."""

    @classmethod
    def from_url(cls, url: str, **options: Any) -> LeaderPool:
        """A pool to the leader called ``master``; ``sentinels`` are asked within the cache's own time-outs."""
        sentinels, master = options.pop("sentinels"), options.pop("master")
        waits = {name: value for name, value in options.items() if name.startswith("socket_")}
        return cls(master, Sentinel(sentinels, sentinel_kwargs=waits), **options)
