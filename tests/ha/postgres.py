"""A PostgreSQL beside the shop's own that follows it: made by pg_basebackup, started with settings of the trial's choice."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2

from config.local import account, ports, postgres
from config.local.places import Problem, Slot
from config.local.processes import Child, wait_until


def follower(slot: Slot, url: str, *, name: str, settings: tuple[str, ...] = ()) -> tuple[Child, str]:
    """Copy the server of an address, follow its log, and return when it answers: the server, and its address."""
    home = account.home_of(slot)
    programs = postgres.programs(home)
    data: Path = home.data / name
    shutil.rmtree(data, ignore_errors=True)
    parts = urlsplit(url)
    _let_in(url, home.data / "postgres")
    copy = [str(programs / "pg_basebackup"), "-D", str(data), "-R", "-X", "stream", "-c", "fast"]
    source = f"host={parts.hostname} port={parts.port} user={parts.username} dbname=postgres"
    variables = {"PATH": os.defpath, "HOME": str(home.data), "PGPASSWORD": str(parts.password), "TZ": "UTC"}
    options = home.account.popen_options() if home.account else {}
    done = subprocess.run(  # type: ignore[call-overload]  # the account's options
        [*copy, "-d", source],
        env=variables,
        cwd=home.data,
        capture_output=True,
        text=True,
        check=False,
        **options,
    )
    if done.returncode:
        raise Problem(f"pg_basebackup: {done.stderr.strip()}")
    port = ports.remembered(slot, name)
    own = (
        f"port={port}",
        f"listen_addresses={ports.LOOPBACK}",
        "unix_socket_directories=",
        "max_connections=200",
    )
    command = [str(programs / "postgres"), "-D", str(data)]
    for setting in (*own, "hot_standby=on", *settings):
        command += ["-c", setting]
    log = slot.logs / f"{name}.log"
    log.write_bytes(b"")
    child = Child(
        name,
        command,
        log=log,
        environment=variables,
        directory=home.data,
        account=home.account,
        stop_signal=signal.SIGINT,
    )
    mine = parts._replace(netloc=f"{parts.username}:{parts.password}@{ports.LOOPBACK}:{port}").geturl()
    wait_until(lambda: _answers(mine), within=60, child=child, what=name, every=0.2)
    return child, mine


def _let_in(url: str, data: Path) -> None:
    """initdb's own pg_hba.conf has lines for replication from this machine; look, rather than wonder."""
    lines = (data / "pg_hba.conf").read_text().splitlines()
    if not any(line.split()[:2] == ["host", "replication"] for line in lines):
        raise Problem(f"{data}/pg_hba.conf lets nobody copy {urlsplit(url).path}")


def _answers(url: str) -> bool:
    try:
        psycopg2.connect(url, connect_timeout=2).close()
    except psycopg2.OperationalError:
        return False
    return True
