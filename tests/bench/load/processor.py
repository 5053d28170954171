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


def used(*databases: str, without: int = 0) -> Used:
    """What the processes that this one has started, and the connections to these databases, have used.

    One of the processes, whose work is not the shop's, may be left out.
    """
    _, *servers = memory.tree(os.getpid())
    return Used(
        {pid: _seconds(pid) for pid in servers if pid != without},
        {pid: _seconds(pid) for pid in _connected(databases)},
    )


def of_tree(pid: int) -> float:
    """Seconds of a process, of all that it started, and of those of these that have ended."""
    return sum(_seconds(each, ended=True) for each in memory.tree(pid))


def _grown(before: dict[int, float], after: dict[int, float]) -> float:
    return sum(max(0.0, seconds - before.get(pid, 0.0)) for pid, seconds in after.items())


def _seconds(pid: int, *, ended: bool = False) -> float:
    """Of one process, by itself and in the kernel, with its children that have ``ended``; nothing of one that just has.

    These are fields 14 to 17 of proc_pid_stat(5).
    """
    try:
        said = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(ticks) for ticks in said[11 : 15 if ended else 13]) / _TICKS_A_SECOND


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
