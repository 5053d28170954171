"""The stage of a trial: databases, WeChat's sandbox, and the shop's processes as in production, all of them to be killed."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from apps.wechat.sandbox import launch
from apps.wechat.sandbox.control import Sandbox
from config.local import environment, ports, servers
from config.local.places import ROOT, Problem, Slot, take_slot
from config.local.postgres import Tuning
from config.local.processes import Child, end_on_signals, stop_all, wait_until
from config.local.servers import Servers

SETTINGS = "tests.bench.load.settings"
# What every trial says of the shop; a trial adds what it tries.
_OWN = {"DEBUG": "0", "LOG_FORMAT": "json", "GUNICORN_LOG_LEVEL": "warning", "TRUSTED_PROXIES": "1"}


@dataclass
class Stage:
    """Where a trial plays. ``environ`` is what processes are started with from now on."""

    slot: Slot
    environ: dict[str, str]
    wechat: Sandbox
    children: list[Child]

    def start(self, name: str, command: Sequence[str], **changes: str) -> Child:
        """Start a program; its output is in the slot's logs."""
        log = self.slot.logs / f"{name}.log"
        log.write_bytes(b"")
        child = Child(name, command, log=log, environment={**self.environ, **changes}, directory=ROOT)
        self.children.append(child)
        return child

    def web(self, name: str, port: int, **changes: str) -> Child:
        """Start a web server as in production: one process of four threads."""
        own = {"PORT": str(port), "BIND": ports.LOOPBACK, "WEB_CONCURRENCY": "1", "WEB_THREADS": "4"}
        return self.start(name, [sys.executable, "-m", "config.deploy.web"], **{**own, **changes})

    def worker(self, name: str, **changes: str) -> Child:
        """Start a worker as the Procfile does, with a name of its own."""
        command = [sys.executable, "-m", "celery", "-A", "config", "worker", "--loglevel", "INFO"]
        command += [
            "--queues",
            "urgent,normal,bulk",
            "--without-gossip",
            "--without-mingle",
            "-n",
            f"{name}@%h",
        ]
        return self.start(name, command, WORKER_CONCURRENCY="1", **changes)

    def beat(self, **changes: str) -> Child:
        """Start the one process that rings."""
        schedule = self.slot.directory / "beat-schedule"
        command = [sys.executable, "-m", "celery", "-A", "config", "beat", "--loglevel", "INFO", "--pidfile="]
        return self.start("beat", [*command, "--schedule", str(schedule)], **changes)

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a management command to its end."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )

    def free_port(self) -> int:
        """A port that nobody listens on."""
        with socket.socket() as probe:
            probe.bind((ports.LOOPBACK, 0))
            return int(probe.getsockname()[1])


def kill(child: Child) -> None:
    """Kill a program and all that it forked, as a machine dies: SIGKILL, no word of good-bye."""
    os.killpg(child.process.pid, signal.SIGKILL)
    child.process.wait(10)


def answers(port: int, path: str = "/healthz", *, status: int = 200) -> bool:
    """Whether a server on this port answers so."""
    try:
        connection = HTTPConnection(ports.LOOPBACK, port, timeout=2)
        connection.request("GET", path)
        said = connection.getresponse().status
        connection.close()
    except OSError:
        return False
    return said == status


def await_webs(*webs: tuple[Child, int]) -> None:
    """Return when each web server answers."""
    for child, port in webs:
        wait_until(lambda port=port: answers(port), within=90, child=child, what=child.name, every=0.2)  # type: ignore[misc]  # a default is how a loop variable is kept


Beside = Callable[[Slot, Servers, list[Child]], Mapping[str, str]]
Instead = Callable[[Slot, list[Child]], Mapping[str, str]]


def _nothing(slot: Slot, backing: Servers, children: list[Child]) -> Mapping[str, str]:
    return {}


@contextmanager
def built(beside: Beside = _nothing, *, instead: Instead | None = None) -> Iterator[Stage]:
    """Yield a stage whose database is migrated and whose Django runs in this process, on servers of its own.

    ``instead`` starts servers of the trial's own and names their addresses (DATABASE_URL, REDIS_URL); ``beside`` starts
    what it has beside the servers and names the variables that it changes. Both add what they start to the children.
    """
    slot = take_slot("ha")
    with ExitStack() as stack:
        stack.callback(slot.release)
        children: list[Child] = []
        stack.callback(stop_all, children)
        given = instead(slot, children) if instead else {}
        backing = stack.enter_context(servers.running(slot, tuning=Tuning.KEPT, environ=given))
        _fresh_database(backing.database_url)
        changes = beside(slot, backing, children)
        wechat = stack.enter_context(launch.running(environment.identity_directory(slot), fast=True))
        variables = environment.for_shop(
            slot, backing, settings=SETTINGS, web_port=8000, sandbox_port=9, environ=_clean(os.environ)
        )
        own = {"WECHAT_API_BASE": wechat.base_url, "WECHATPAY_BASE": wechat.base_url}
        stage = Stage(slot, {**variables, **_OWN, **own, **changes}, wechat, children)
        os.environ |= {**stage.environ, "LOG_FORMAT": "console"}
        _set_up()
        yield stage


def _clean(environ: Mapping[str, str]) -> dict[str, str]:
    """What of our environment is the machine's and not a shop's."""
    machines = {"HOME", "PATH", "LANG", "LC_ALL", "TZ", "PYTHONPYCACHEPREFIX"}
    return {name: value for name, value in environ.items() if name in machines}


def _fresh_database(url: str) -> None:
    """Empty the database: a trial counts everything that is in it."""
    import psycopg2

    connection = psycopg2.connect(url.replace("postgres://", "postgresql://"))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    connection.close()


def _set_up() -> None:
    import django

    django.setup()
    logging.disable(logging.WARNING)
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def told(main: Callable[[], None]) -> int:
    """Run a trial and return its exit status: 1 with what went wrong, told in a line where it is a Problem."""
    end_on_signals()
    begun = time.monotonic()
    try:
        main()
    except (Problem, AssertionError) as problem:
        if isinstance(problem, AssertionError):
            traceback.print_exc()
        print(f"FAILED: {problem}", file=sys.stderr, flush=True)
        return 1
    print(f"passed in {time.monotonic() - begun:.0f} s", flush=True)
    return 0


def say(text: str) -> None:
    """Print a line of the report at once."""
    print(f"  {text}", flush=True)


def written(path: Path, text: str) -> Path:
    """Write a configuration and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path
