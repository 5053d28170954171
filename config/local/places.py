"""Where a checkout keeps what it needs to run on this machine: slots, and small facts that outlive a run."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".local"
_MOST_SLOTS = 9


class Problem(Exception):
    """The run cannot go on; the message is what the user reads, so it says what to do."""


class Slot:
    """A directory that one run has to itself: data, logs, passwords and ports of its servers.

    The slot is held by a file lock, which the operating system releases however the run ends. A second run of
    the same kind takes the next slot, so that two runs of one checkout never meet.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.logs = directory / "logs"
        self._lock: IO[str] | None = None

    def take(self) -> bool:
        """Return True and hold the slot until `release`, or False when another run holds it."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.logs.mkdir(exist_ok=True, mode=0o700)
        lock = (self.directory / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._lock = lock
        return True

    def release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def kept(self, name: str, make: Callable[[], str]) -> str:
        """Return the fact kept under ``name``, made by ``make`` the first time."""
        facts = self._facts()
        if name not in facts:
            facts[name] = make()
            self._write(facts)
        return facts[name]

    def keep(self, name: str, value: str) -> None:
        self._write({**self._facts(), name: value})

    def recall(self, name: str) -> str | None:
        return self._facts().get(name)

    def _facts(self) -> dict[str, str]:
        try:
            facts: dict[str, str] = json.loads((self.directory / "kept.json").read_text())
        except FileNotFoundError:
            return {}
        except ValueError:
            raise Problem(f"{self.directory / 'kept.json'} is spoiled; `make clean` starts afresh") from None
        return facts

    def _write(self, facts: dict[str, str]) -> None:
        write_private(self.directory / "kept.json", json.dumps(facts, indent=2))


def take_slot(kind: str, *, state: Path = STATE) -> Slot:
    """Return a free slot of this kind (``demo``, ``test``), held by this process."""
    for number in range(1, _MOST_SLOTS + 1):
        slot = Slot(state / (kind if number == 1 else f"{kind}-{number}"))
        if slot.take():
            return slot
    raise Problem(f"{_MOST_SLOTS} runs of `{kind}` are under way in this checkout; stop one first")


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, so that a reader sees all of it or the old one."""
    partial = path.with_name(path.name + ".partial")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
