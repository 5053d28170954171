"""Programs that a trial needs and that no wheel brings: where they are, or what to install."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from config.local.places import Problem

# The programs by the Debian package that brings them.
_PACKAGES = {
    "nginx": "nginx-light",
    "pgbouncer": "pgbouncer",
    "etcd": "etcd-server",
    "patroni": "patroni",
    "haproxy": "haproxy",
    "redis-sentinel": "redis-sentinel",
    "redis-server": "redis-server",
}
_ALSO = ("/usr/sbin", "/usr/local/sbin")


def program(name: str) -> str:
    """The path of a program; Problem that says what to install where it is missing."""
    found = shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", os.defpath), *_ALSO)))
    if found is None:
        raise Problem(f"{name} is not installed: apt-get install --no-install-recommends {_PACKAGES[name]}")
    return found


def programs(*names: str) -> list[str]:
    """The paths of several; all that are missing are named at once."""
    faults = []
    found = []
    for name in names:
        try:
            found.append(program(name))
        except Problem as missing:
            faults.append(str(missing))
    if faults:
        raise Problem("\n".join(faults))
    return found


def debians_postgres() -> Path:
    """The directory of PostgreSQL's programs as Debian installs them, the newest version."""
    versions: Sequence[Path] = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not versions:
        raise Problem("PostgreSQL is not installed: apt-get install --no-install-recommends postgresql")
    return versions[-1].parent
