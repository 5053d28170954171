"""PostgreSQL and Valkey for a run: those that the environment names, or our own while the run lasts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from config.local.places import Slot
from config.local.postgres import Postgres, Tuning
from config.local.processes import Child
from config.local.valkey import Valkey


@dataclass(frozen=True)
class Servers:
    """Addresses of both servers, and the processes among them that this run started (and watches)."""

    database_url: str
    redis_url: str
    children: tuple[Child, ...]


@contextmanager
def running(slot: Slot, *, tuning: Tuning, environ: Mapping[str, str]) -> Iterator[Servers]:
    """Yield both servers. Where DATABASE_URL or REDIS_URL is set, that server is used and never stopped."""
    with ExitStack() as stack:
        children = []
        database_url = environ.get("DATABASE_URL", "")
        redis_url = environ.get("REDIS_URL", "")
        if not database_url:
            postgres = Postgres(slot, tuning=tuning)
            stack.callback(postgres.stop)
            postgres.start()
            database_url = postgres.url
            children.append(postgres.child)
            print(f"PostgreSQL listens on 127.0.0.1:{postgres.port}.", flush=True)
        if not redis_url:
            valkey = Valkey(slot)
            stack.callback(valkey.stop)
            valkey.start()
            redis_url = valkey.url
            children.append(valkey.child)
            print(f"Valkey listens on 127.0.0.1:{valkey.port}.", flush=True)
        yield Servers(database_url=database_url, redis_url=redis_url, children=tuple(children))
