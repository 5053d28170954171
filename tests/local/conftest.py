"""Starts and stops real second sets of servers, in a directory with a space in its path."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.local import account
from config.local.places import ROOT, Slot


@dataclass(frozen=True)
class Run:
    """A program that keeps servers up, and what it said of them."""

    process: subprocess.Popen[str]
    said: list[str]
    database_url: str
    redis_url: str
    pids: tuple[int, ...]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send the signal to the program alone and return its exit status."""
        self.process.send_signal(number)
        self.process.communicate(timeout=20)
        return self.process.returncode


class Machine:
    """A directory in which runs keep their servers."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self._runs: list[Run] = []

    def start(self, **environment: str) -> Run:
        inherited = {
            name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.local.keep_servers_up", str(self.state)],
            cwd=ROOT,
            env={**inherited, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            if line.startswith("["):
                database_url, redis_url, *pids = json.loads(line)
                run = Run(process, said, database_url, redis_url, tuple(pids))
                self._runs.append(run)
                return run
            said.append(line)
        process.communicate(timeout=5)
        raise AssertionError(f"the servers did not start: {said}")

    def clear(self) -> None:
        for run in self._runs:
            if run.process.poll() is None:
                run.stop()
        for directory in self.state.glob("try*"):
            account.forget(Slot(directory))


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path / "a directory")
    yield machine
    machine.clear()
