"""What the processes of a server take of the machine's memory, as Linux counts it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


class Memory(NamedTuple):
    """MB of a process: all that it sees (Rss), and its share of it where others see the same (Pss)."""

    rss: float
    pss: float


def of(pid: int) -> Memory:
    """What one process takes."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    kb = {name: int(told.split()[0]) for name, _, told in (line.partition(":") for line in lines)}
    return Memory(kb["Rss"] / 1024, kb["Pss"] / 1024)


def tree(pid: int) -> Iterator[int]:
    """A process and all that it started, the eldest first."""
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield from tree(int(child))


def told(name: str, pid: int) -> str:
    """A line on a server: its master, each worker, and all of them together."""
    master, *workers = [of(each) for each in tree(pid)]
    each = ", ".join(f"{worker.rss:.0f} MB Rss / {worker.pss:.0f} MB Pss" for worker in workers)
    together = master.pss + sum(worker.pss for worker in workers)
    return (
        f"memory of {name}: master {master.rss:.0f} MB Rss / {master.pss:.0f} MB Pss; workers {each or 'none'}; "
        f"together {together:.0f} MB Pss"
    )
