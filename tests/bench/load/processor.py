"""Processor time that servers have used, as Linux tells it: what an answer costs, however busy the machine is."""

from __future__ import annotations

import os
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


def used(*databases: str) -> Used:
    """What the processes that this one has started, and the connections to these databases, have used.

    Nothing where there is no ``/proc``.
    """
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
        seconds[number] = (int(said[11]) + int(said[12])) / _TICKS_A_SECOND
        if command.startswith("postgres: ") and any(f" {name} " in command for name in databases):
            postgres += seconds[number]
    web = sum(time for number, time in seconds.items() if _is_below(number, os.getpid(), parents))
    return Used(web, postgres)


def _is_below(number: int, ancestor: int, parents: dict[int, int]) -> bool:
    above = parents.get(number, 0)
    while above and above != ancestor:
        above = parents.get(above, 0)
    return above == ancestor
