"""nginx as the repository configures it, with this machine's addresses in place of the containers'."""

from __future__ import annotations

import re
from collections.abc import Sequence

from config.local.places import ROOT, Problem
from config.local.ports import LOOPBACK
from config.local.processes import Child, wait_until
from tests.ha import engines
from tests.ha.stage import Stage, answers, written

_FILE = ROOT / "config/deploy/nginx.conf"


def configuration(*, port: int, webs: Sequence[int], directory: str) -> str:
    """``config/deploy/nginx.conf`` for web servers on these ports; Problem where a line to change is not there."""
    servers = "\n".join(f"        server {LOOPBACK}:{web} max_fails=2 fail_timeout=5s;" for web in webs)
    changes = (
        (r"pid /tmp/nginx.pid;", f"pid {directory}/nginx.pid;"),
        # Names of containers are asked of Docker; these are addresses.
        (r" *resolver 127\.0\.0\.11[^\n]*\n", ""),
        (r" *server web:8000 resolve[^\n]*", servers),
        (r"listen 8080;", f"listen {LOOPBACK}:{port};"),
        (r"worker_processes auto;", "worker_processes 1;"),
        (r"_temp_path /tmp/", f"_temp_path {directory}/"),
    )
    text = _FILE.read_text()
    for pattern, instead in changes:
        text, times = re.subn(pattern, lambda _, instead=instead: instead, text)  # type: ignore[misc]  # kept by default
        if not times:
            raise Problem(f"{_FILE} has no {pattern}: tests/ha/proxy.py has to follow it")
    return text


def nginx(stage: Stage, *, port: int, webs: Sequence[int]) -> Child:
    """Start nginx before web servers on these ports and return when it answers."""
    program = engines.program("nginx")
    directory = stage.slot.directory / "nginx"
    directory.mkdir(exist_ok=True)
    file = written(directory / "nginx.conf", configuration(port=port, webs=webs, directory=str(directory)))
    child = stage.start("nginx", [program, "-c", str(file), "-p", str(directory), "-g", "daemon off;"])
    wait_until(lambda: answers(port, "/nginx-answers", status=204), within=20, child=child, what="nginx")
    return child
