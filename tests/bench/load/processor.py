"""Processor time that servers have used, as Linux tells it: what an answer costs, however busy the machine is."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import Final, NamedTuple

_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")


class Used(NamedTuple):
    """Seconds of processor time of web servers and of PostgreSQL, since they began; of an answer, milliseconds."""

    web: float
    postgres: float

    def since(self, before: Used, *, answers: float) -> Used:
        """Milliseconds for each of so many answers since then."""
        of_one = 1000 / max(answers, 1)
        return Used((self.web - before.web) * of_one, (self.postgres - before.postgres) * of_one)


def used(*databases: str, without: int = 0) -> Used:
    """What the processes that this one has started, and the connections to these databases, have used.

    One of them, whose work is not the shop's, may be left out. Nothing where there is no ``/proc``.
    """
    seconds, parents, postgres = _processes(databases)
    below = [number for number in seconds if number != without and _is_below(number, os.getpid(), parents)]
    return Used(sum(seconds[number] for number in below), postgres)


def of_tree(pid: int) -> float:
    """Seconds of processor time of a process, of all that it started, and of those of these that have ended."""
    seconds, parents, _ = _processes((), ended=True)
    return sum(time for number, time in seconds.items() if number == pid or _is_below(number, pid, parents))


def _processes(
    databases: Collection[str], *, ended: bool = False
) -> tuple[dict[int, float], dict[int, int], float]:
    """Each process's seconds (with those of ``ended`` children) and parent, and the seconds of connections to databases."""
    seconds: dict[int, float] = {}
    parents: dict[int, int] = {}
    postgres = 0.0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            said = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_text()
        except OSError:
            continue  # it has just ended
        number = int(folder.name)
        parents[number] = int(said[1])
        # utime, stime, and those of children that were waited for: fields 14 to 17 of proc_pid_stat(5).
        seconds[number] = sum(int(ticks) for ticks in said[11 : 15 if ended else 13]) / _TICKS_A_SECOND
        if command.startswith("postgres: ") and any(f" {name} " in command for name in databases):
            postgres += seconds[number]
    return seconds, parents, postgres


def _is_below(number: int, ancestor: int, parents: dict[int, int]) -> bool:
    above = parents.get(number, 0)
    while above and above != ancestor:
        above = parents.get(above, 0)
    return above == ancestor
