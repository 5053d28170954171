"""``python -m tests.ha.pooled [TESTS…]``: the races through PgBouncer in transaction mode, as docker-compose runs it.

The tables are made on a connection of their own, as compose's ``migrate`` does; every race then shares server
connections with all others. Without arguments all of tests/races.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2

from config.local import account, environment, ports, servers
from config.local.places import ROOT, Problem, Slot, take_slot
from config.local.postgres import Tuning
from config.local.processes import Child, run, wait_until
from tests.ha import engines
from tests.ha.stage import say, told

# As docker-compose.yml has it: fewer than a race has threads, so that connections really are shared.
_POOL = 40
_ROLE = ROOT / "config/deploy/postgres/10-role.sql"
_MAKES_THE_TABLES = "tests/races/test_stock.py"


def pooler(slot: Slot, url: str, *, program: str) -> tuple[Child, str]:
    """Start PgBouncer before the server of an address; return it and the address of the same database through it."""
    home = account.home_of(slot)
    parts = urlsplit(url)
    port = ports.remembered(slot, "pgbouncer")
    users = account.private_file(home, "pgbouncer.users", f'"{parts.username}" "{parts.password}"\n')
    settings = {
        "listen_addr": ports.LOOPBACK,
        "listen_port": port,
        "unix_socket_dir": "",
        "auth_type": "scram-sha-256",
        "auth_file": users,
        "pool_mode": "transaction",
        "default_pool_size": _POOL,
        "reserve_pool_size": 10,
        "max_client_conn": 2000,
        "query_wait_timeout": 30,
        "server_reset_query": "",
        "ignore_startup_parameters": "extra_float_digits",
        "stats_users": parts.username,
    }
    lines = "\n".join(f"{name} = {value}" for name, value in settings.items())
    text = f"[databases]\n* = host={parts.hostname} port={parts.port}\n[pgbouncer]\n{lines}\n"
    file: Path = account.private_file(home, "pgbouncer.ini", text)
    log = slot.logs / "pgbouncer.log"
    log.write_bytes(b"")
    child = Child("PgBouncer", [program, str(file)], log=log, directory=home.data, account=home.account)
    wait_until(lambda: not ports.is_free(port), within=10, child=child, what="PgBouncer")
    return child, parts._replace(netloc=f"{parts.username}:{parts.password}@{ports.LOOPBACK}:{port}").geturl()


def waits_of_the_role(url: str) -> None:
    """What compose asks of the role at its making: through a pooler nobody can at connecting."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        # The tests' database has another name than the shop's.
        cursor.execute(_ROLE.read_text().replace(" IN DATABASE mall", ""))
    connection.close()


def main() -> None:
    program = engines.program("pgbouncer")
    chosen = sys.argv[1:] or ["tests/races"]
    slot = take_slot("ha")
    try:
        with servers.running(slot, tuning=Tuning.DISPOSABLE, environ={}) as backing:
            variables = environment.for_shop(
                slot,
                backing,
                settings="config.settings.test",
                web_port=8000,
                sandbox_port=9,
                environ=_machine(),
            )
            waits_of_the_role(backing.database_url)
            pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "--durations=3"]
            made = run([*pytest, "--create-db", _MAKES_THE_TABLES], environment=variables, directory=ROOT)
            if made:
                raise Problem("the tables could not be made")
            child, pooled = pooler(slot, backing.database_url, program=program)
            try:
                changed = {**variables, "DATABASE_URL": pooled, "DATABASE_POOLED": "1"}
                status = run([*pytest, "--reuse-db", *chosen], environment=changed, directory=ROOT)
                say(_counts(pooled))
            finally:
                child.stop()
            if status:
                raise Problem("a race fails through PgBouncer")
    finally:
        slot.release()


def _counts(pooled: str) -> str:
    """What PgBouncer counted: so that nobody takes a run that went past it for one through it."""
    connection = psycopg2.connect(urlsplit(pooled)._replace(path="/pgbouncer").geturl())
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SHOW STATS_TOTALS")
        columns = [column.name for column in cursor.description or ()]
        rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    connection.close()
    totals = next(row for row in rows if str(row["database"]).startswith("test_"))
    return f"PgBouncer passed on {totals['xact_count']} transactions of {totals['query_count']} statements"


def _machine() -> dict[str, str]:
    return {name: os.environ[name] for name in ("HOME", "PATH", "LANG", "LC_ALL", "TZ") if name in os.environ}


if __name__ == "__main__":
    sys.exit(told(main))
