"""The whole shop on this machine: servers, database, sandbox and the Procfile's processes, all watched."""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import requests

from config.local import environment, ports, progress, servers
from config.local.places import ROOT, Problem, Slot
from config.local.postgres import Tuning
from config.local.processes import Child, stop_all, wait_until
from config.local.story import Addresses

_READY_WITHIN = 120.0
_COMMAND_WITHIN = 600.0
# The demo's promoters, to whom the shop hands money: WeChat must know them (apps/demo/promoters.py).
PROMOTERS: Final = {"demo-31": "苏晚晴", "demo-32": "何知秋"}
# How much faster WeChat's waits go by in the demo than in life.
_TIME_FACTOR = "0.2"


@dataclass(frozen=True)
class Shop:
    """A running shop: where it is, and what keeps it up."""

    addresses: Addresses
    children: tuple[Child, ...]
    logs: Path

    def check(self) -> None:
        """Raise the demise of the first child that is no more."""
        for child in self.children:
            if not child.alive:
                raise child.demise()

    def stay(self) -> None:
        """Stay up until a signal ends this run, or a child dies (Problem)."""
        while True:
            self.check()
            time.sleep(0.5)


@contextmanager
def running(slot: Slot, *, environ: Mapping[str, str]) -> Iterator[Shop]:
    """Yield the shop when its /readyz says that it can do business; stop all that was started at the end."""
    with ExitStack() as stack:
        backing = stack.enter_context(servers.running(slot, tuning=Tuning.KEPT, environ=environ))
        web_port, sandbox_port = ports.remembered(slot, "web"), ports.remembered(slot, "sandbox")
        variables = environment.for_shop(
            slot,
            backing,
            settings="config.settings.dev",
            web_port=web_port,
            sandbox_port=sandbox_port,
            environ=environ,
        )
        children: list[Child] = []
        stack.callback(stop_all, children)
        # First: it is up by the time the demo shop asks WeChat for the account's message templates.
        _start_sandbox(children, slot, web_port=web_port, sandbox_port=sandbox_port, environ=variables)
        print("Preparing the database and the demo shop.", flush=True)
        password = slot.kept("operator_password", lambda: secrets.token_urlsafe(12))
        own = {
            "OPERATOR_PASSWORD": password,
            "OPERATOR_OWNS_DATABASE": "0" if environ.get("DATABASE_URL") else "1",
        }
        operator = _prepare(environ={**variables, **own}, log=slot.logs / "prepare.log")
        _start(children, slot, web_port=web_port, environ=variables)
        addresses = Addresses(
            shop=f"http://{ports.LOOPBACK}:{web_port}",
            sandbox=f"http://{ports.LOOPBACK}:{sandbox_port}",
            operator=operator,
            password=password,
        )
        shop = Shop(addresses=addresses, children=(*backing.children, *children), logs=slot.logs)
        _wait_until_ready(shop)
        yield shop


def _start_sandbox(
    children: list[Child], slot: Slot, *, web_port: int, sandbox_port: int, environ: Mapping[str, str]
) -> None:
    """Start the WeChat sandbox; it is in ``children`` as soon as it runs."""
    options = {
        "--port": str(sandbox_port),
        "--identity": str(environment.identity_directory(slot)),
        "--data": str(slot.directory / "sandbox.sqlite3"),
        "--push-url": f"http://{ports.LOOPBACK}:{web_port}/wechat/push",
        "--time-factor": _TIME_FACTOR,
    }
    command = [
        sys.executable,
        "-m",
        "apps.wechat.sandbox",
        *(word for pair in options.items() for word in pair),
        *(word for openid, name in PROMOTERS.items() for word in ("--shopper", f"{openid}={name}")),
    ]
    print(f"Starting the WeChat sandbox on 127.0.0.1:{sandbox_port}.", flush=True)
    log = _fresh(slot.logs / "sandbox.log")
    children.append(Child("sandbox", command, log=log, environment=environ, directory=ROOT))


def _start(children: list[Child], slot: Slot, *, web_port: int, environ: Mapping[str, str]) -> None:
    """Start every process of the Procfile; each is in ``children`` as soon as it runs."""
    for name, line in procfile().items():
        where = f" on 127.0.0.1:{web_port}" if name == "web" else ""
        print(f"Starting {name}{where}.", flush=True)
        child = Child(
            name,
            ["/bin/sh", "-c", line],
            log=_fresh(slot.logs / f"{name}.log"),
            environment={**environ, "PORT": str(web_port), "BIND": ports.LOOPBACK},
            directory=ROOT,
            patience=25.0,
        )
        children.append(child)


def procfile() -> dict[str, str]:
    """Return the commands of the Procfile by the names of their processes."""
    lines = (ROOT / "Procfile").read_text().splitlines()
    named = (line.split(":", 1) for line in lines if line.strip() and not line.startswith("#"))
    return {name.strip(): command.strip() for name, command in named}


def _fresh(log: Path) -> Path:
    """Empty a log, so that its end is this run's."""
    log.write_bytes(b"")
    return log


def _prepare(*, environ: Mapping[str, str], log: Path) -> str:
    """Make the database ready and return the name of the operator who can log in."""
    command = [sys.executable, "-m", "config.local.preparing"]
    printed = progress.run(command, environ=environ, log=log, within=_COMMAND_WITHIN)
    return printed.strip().splitlines()[-1]


def _wait_until_ready(shop: Shop) -> None:
    said = ""

    def ready() -> bool:
        nonlocal said
        shop.check()
        try:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.get(f"{shop.addresses.shop}/readyz", timeout=10)
                reached = session.get(f"{shop.addresses.sandbox}/__sandbox/ready", timeout=10)
        except requests.RequestException as error:
            said = type(error).__name__
            return False
        said = answer.text[:500]
        return answer.ok and reached.ok

    try:
        wait_until(ready, within=_READY_WITHIN, what="the shop", every=0.5)
    except Problem as problem:
        raise Problem(f"{problem}\nlast answer: {said}\nlogs: {os.fspath(shop.logs)}") from None
    print("The shop is ready.", flush=True)
