"""Processor time that servers have used, as Linux tells it: what an answer costs, however busy the machine is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, NamedTuple

from tests.bench.load import memory

_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")


class Used(NamedTuple):
    """Seconds of processor time of web servers and of PostgreSQL, since they began; of an answer, milliseconds."""

    web: float
    postgres: float

    def since(self, before: Used, *, answers: float) -> Used:
        """Milliseconds for each of so many answers since then."""
        of_one = 1000 / max(answers, 1)
        return Used((self.web - before.web) * of_one, (self.postgres - before.postgres) * of_one)


def used(*databases: str) -> Used:
    """What the processes that this one has started, and the connections to these databases, have used."""
    _, *servers = memory.tree(os.getpid())
    return Used(sum(map(_seconds, servers)), sum(map(_seconds, _connected(databases))))


def _seconds(pid: int) -> float:
    """Of one process, by itself and in the kernel; nothing of one that has just ended."""
    try:
        said = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(said[11]) + int(said[12])) / _TICKS_A_SECOND


def _connected(databases: tuple[str, ...]) -> list[int]:
    """PostgreSQL's processes that serve connections to these databases."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_text()
        except OSError:
            continue
        if command.startswith("postgres: ") and any(f" {name} " in command for name in databases):
            found.append(int(folder.name))
    return found
