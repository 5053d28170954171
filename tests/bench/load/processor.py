"""Processor time that servers have used, as Linux tells it: what an answer costs, however busy the machine is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, NamedTuple

from tests.bench.load import memory

_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")


class Spent(NamedTuple):
    """Milliseconds of processor time for an answer."""

    web: float
    postgres: float


class Used(NamedTuple):
    """Seconds of processor time of web servers and of PostgreSQL, since they began, by their processes."""

    web: dict[int, float]
    postgres: dict[int, float]

    def since(self, before: Used, *, answers: float) -> Spent:
        """What each of so many answers has cost since then, but for processes that have ended in between."""
        of_one = 1000 / max(answers, 1)
        return Spent(of_one * _grown(before.web, self.web), of_one * _grown(before.postgres, self.postgres))


def used(*databases: str) -> Used:
    """What the processes that this one has started, and the connections to these databases, have used."""
    _, *servers = memory.tree(os.getpid())
    return Used(
        {pid: _seconds(pid) for pid in servers}, {pid: _seconds(pid) for pid in _connected(databases)}
    )


def _grown(before: dict[int, float], after: dict[int, float]) -> float:
    return sum(max(0.0, seconds - before.get(pid, 0.0)) for pid, seconds in after.items())


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
