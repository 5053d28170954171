"""What the processes of a server take of the machine's memory, as Linux counts it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


class Memory(NamedTuple):
    """MiB of a process: all that it sees (Rss), its share of it where others see the same (Pss), and what only it has.

    Where workers are forked from a master that has imported the shop, Rss counts what they share once for each of them. The
    goal speaks of Rss; what the machine has to have is the sum of Pss.
    """

    rss: float
    pss: float
    own: float


def of(pid: int) -> Memory:
    """What one process takes."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    kb = {name: int(told.split()[0]) for name, _, told in (line.partition(":") for line in lines)}
    return Memory(kb["Rss"] / 1024, kb["Pss"] / 1024, (kb["Private_Clean"] + kb["Private_Dirty"]) / 1024)


def tree(pid: int) -> Iterator[int]:
    """A process and all that it started, the eldest first."""
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield from tree(int(child))


def told(name: str, pid: int) -> str:
    """A line on a server: its master, each worker, and all of them together."""
    master, *workers = [of(each) for each in tree(pid)]
    each = ", ".join(
        f"{worker.rss:.0f} MB Rss / {worker.pss:.0f} MB Pss / {worker.own:.0f} MB its own"
        for worker in workers
    )
    together = master.pss + sum(worker.pss for worker in workers)
    return (
        f"memory of {name}: master {master.rss:.0f} MB Rss / {master.pss:.0f} MB Pss; workers {each or 'none'}; "
        f"together {together:.0f} MB Pss"
    )
