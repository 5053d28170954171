"""Bad weather: processes are killed and started again, servers too, and WeChat has bad days, in an order of the seed's."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Final

from django.utils import timezone

from apps.wechat.sandbox.control import Sandbox
from config.local.postgres import Postgres
from config.local.processes import Child
from config.local.valkey import Valkey
from tests.ha.stage import Stage, kill, say

# What WeChat does on a bad day, by kind and settings; each strikes so many times at most.
_DAYS: Final = (
    ("http_status", {"path": "/v3/*", "status": 500, "code": "SYSTEM_ERROR"}, 4),
    ("http_status", {"path": "/v3/*", "status": 429, "code": "FREQUENCY_LIMITED"}, 4),
    ("timeout_before", {"path": "/v3/refund/*", "hang_s": 1}, 2),
    ("timeout_after_commit", {"path": "/v3/refund/*", "hang_s": 1}, 2),
    ("timeout_after_commit", {"path": "/v3/pay/*", "hang_s": 1}, 2),
    ("garbage", {"path": "/v3/*"}, 3),
    ("wrong_signature", {"path": "/v3/*"}, 3),
    ("errcode", {"path": "/wxa/*", "errcode": -1}, 4),
    ("token_expired", {}, 2),
    ("not_enough", {}, 2),
    ("notify_lost", {}, 3),
    ("notify_repeated", {"copies": 3}, 3),
    ("notify_late", {"delay_s": 2}, 3),
    ("notify_reordered", {}, 2),
    ("notify_wrong_signature", {}, 2),
    ("notify_garbage", {}, 2),
)


class Weather:
    """Strikes every few seconds for a while; then it has put everything up again.

    It is made in the first thread, since what a thread starts dies with it (``PR_SET_PDEATHSIG``).
    """

    def __init__(
        self,
        seed: int,
        stage: Stage,
        servers: tuple[Postgres, Valkey],
        starts: dict[str, Callable[[], Child]],
        running: dict[str, Child],
        *,
        every: float,
    ) -> None:
        self._random = random.Random(f"{seed}-weather")
        self._stage, self._every = stage, every
        self._postgres, self._valkey = servers
        self._starts, self._running = starts, running
        self._wechat = Sandbox(stage.wechat.base_url)
        self._ends = 0.0
        self.struck: Counter[str] = Counter()
        # When each program died last: what it had in hand before is in nobody's.
        self.died_at: dict[str, datetime] = {}

    def storm(self, seconds: float) -> None:
        """Strike for so long, and then until everything was struck once."""
        self._ends = time.monotonic() + seconds
        strikes = [
            *((name, lambda name=name: self._kill(name)) for name in self._starts),
            ("PostgreSQL", self._lose_postgres),
            ("Redis", self._lose_redis),
            ("WeChat", self._bad_day),
            ("WeChat", self._bad_day),
            ("WeChat", self._bad_day),
        ]
        # Everything once, in an order of the seed's; and again in another, for as long as there is time.
        while True:
            self._random.shuffle(strikes)
            for name, strike in strikes:
                time.sleep(self._every * self._random.uniform(0.5, 1.5))
                strike()
                say(f"struck: {name}")
            if time.monotonic() > self._ends:
                break
        self._wechat.clear_faults()

    def _kill(self, name: str) -> None:
        """A program dies, and whoever looks after it starts it anew."""
        kill(self._running[name])
        self.died_at[name] = timezone.now()
        self.struck[f"{name} killed"] += 1
        time.sleep(self._random.uniform(0, 1.5))
        self._running[name] = self._starts[name]()

    def _lose_postgres(self) -> None:
        """The database dies in the middle of everything, and comes back from its log."""
        kill(self._postgres.child)
        self.struck["PostgreSQL killed"] += 1
        self._postgres.start()

    def _lose_redis(self) -> None:
        """Redis dies with all that was in it."""
        kill(self._valkey.child)
        self.struck["Redis killed"] += 1
        time.sleep(self._random.uniform(0, 2))
        self._valkey.start()

    def _bad_day(self) -> None:
        kind, settings, most = self._random.choice(_DAYS)
        self._wechat.fault(kind, times=self._random.randint(1, most), **settings)
        self.struck[f"WeChat: {kind}"] += 1
