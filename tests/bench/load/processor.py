"""Processor time that servers have used, as Linux tells it: what an answer costs, however busy the machine is."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import Final, NamedTuple

_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")


class Used(NamedTuple):
    """Milliseconds of processor time of web servers (or workers) and of PostgreSQL for one answer."""

    web: float
    postgres: float


class Moment(NamedTuple):
    """Seconds of processor time that each process has used since it began."""

    web: dict[int, float]
    postgres: dict[int, float]

    def since(self, before: Moment, *, answers: float) -> Used:
        """What each of so many answers took since then; what a process used that has ended meanwhile is not known."""
        of_one = 1000 / max(answers, 1)
        return Used(_more(self.web, before.web) * of_one, _more(self.postgres, before.postgres) * of_one)


def used(*databases: str, without: int = 0) -> Moment:
    """What the processes that this one has started, and the connections to these databases, have used.

    One of them, whose work is not the shop's, may be left out. Nothing where there is no ``/proc``.
    """
    seconds, parents, postgres = _processes(databases)
    below = [number for number in seconds if number != without and _is_below(number, os.getpid(), parents)]
    return Moment({number: seconds[number] for number in below}, postgres)


def of_tree(pid: int) -> float:
    """Seconds of processor time of a process, of all that it started, and of those of these that have ended."""
    seconds, parents, _ = _processes((), ended=True)
    return sum(time for number, time in seconds.items() if number == pid or _is_below(number, pid, parents))


def _processes(
    databases: Collection[str], *, ended: bool = False
) -> tuple[dict[int, float], dict[int, int], dict[int, float]]:
    """Each process's seconds (with those of ``ended`` children) and parent, and the seconds of connections to databases."""
    seconds: dict[int, float] = {}
    parents: dict[int, int] = {}
    postgres: dict[int, float] = {}
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
            postgres[number] = seconds[number]
    return seconds, parents, postgres


def _more(after: dict[int, float], before: dict[int, float]) -> float:
    return sum(seconds - before.get(number, 0.0) for number, seconds in after.items())


def _is_below(number: int, ancestor: int, parents: dict[int, int]) -> bool:
    above = parents.get(number, 0)
    while above and above != ancestor:
        above = parents.get(above, 0)
    return above == ancestor
