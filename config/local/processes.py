"""Child processes that end with this one: started in groups of their own, stopped in order, waited for."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from config.local.places import Problem

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


class Stopped(BaseException):
    """SIGINT, SIGTERM or SIGHUP asked this run to end. Not an Exception: nothing but the end may catch it."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by signal {number}")
        self.number = number


def end_on_signals() -> None:
    """Turn the signals that ask to end into `Stopped`, once: while stopping, further ones are ignored."""

    def stop(number: int, _frame: FrameType | None) -> None:
        for again in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(again, signal.SIG_IGN)
        raise Stopped(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


def die_with_parent(number: int) -> None:
    """Ask the kernel to send this process ``number`` when its parent dies, even by SIGKILL (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)


@dataclass(frozen=True)
class Account:
    """The unprivileged account under which a server runs when this process is root's."""

    uid: int
    gid: int

    def popen_options(self) -> dict[str, object]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


class Child:
    """One long-running process of ours, its output in a log file."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        account: Account | None = None,
        stdin: bytes | None = None,
        stop_signal: int = signal.SIGTERM,
        patience: float = 10.0,
    ) -> None:
        """Start ``command``. ``stop_signal`` ends it politely; after ``patience`` seconds it is killed."""
        self.name = name
        self.log = log
        self._asked = False
        self._stop_signal = stop_signal
        self._patience = patience
        options = account.popen_options() if account else {}
        with log.open("ab") as output:
            self.process = subprocess.Popen(  # type: ignore[call-overload]
                list(command),
                stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(environment) if environment is not None else None,
                cwd=directory,
                # A group of its own: Ctrl-C in the terminal reaches only us, and we stop things in order.
                start_new_session=True,
                # Runs after the change of account, which would clear the wish again.
                preexec_fn=functools.partial(_prepare_child, stop_signal),
                **options,
            )
        if stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.write(stdin)
                self.process.stdin.close()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def tail(self, lines: int = 15) -> str:
        """Return the end of the log, for a person who wants to know why the process died."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def demise(self) -> Problem:
        """Return the problem that says that this process ended by itself."""
        return Problem(
            f"{self.name} ended with status {self.process.poll()}; the end of {self.log}:\n{self.tail()}"
        )

    def ask_to_stop(self) -> None:
        """Send the polite signal, once: some programs take a second one for impatience."""
        if self.alive and not self._asked:
            self._asked = True
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(self._stop_signal)

    def stop(self) -> None:
        """End the process and everything in its group; return when it is gone."""
        self.ask_to_stop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(self._patience)
        # What the process left behind in its group goes with it.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(5)


def _prepare_child(stop_signal: int) -> None:
    die_with_parent(stop_signal)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def stop_all(children: Sequence[Child]) -> None:
    """Ask all at once, then see each one off."""
    for child in children:
        child.ask_to_stop()
    for child in children:
        child.stop()


def wait_until(
    ready: Callable[[], bool], *, within: float, child: Child | None = None, what: str, every: float = 0.05
) -> None:
    """Return when ``ready()`` is true. Problem after ``within`` seconds, or as soon as ``child`` has died."""
    deadline = time.monotonic() + within
    while not ready():
        if child is not None and not child.alive:
            raise child.demise()
        if time.monotonic() > deadline:
            tail = f"; the end of {child.log}:\n{child.tail()}" if child else ""
            raise Problem(f"{what} was not ready within {within:.0f} seconds{tail}")
        time.sleep(every)


def run(command: Sequence[str], *, environment: Mapping[str, str], directory: Path) -> int:
    """Run a command to its end with our own terminal, and return its exit status.

    When this run is stopped meanwhile, the command is interrupted as by Ctrl-C and seen off first.
    """
    process = subprocess.Popen(
        list(command),
        env=dict(environment),
        cwd=directory,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=functools.partial(_prepare_child, signal.SIGTERM),
    )
    try:
        return process.wait()
    except BaseException:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(5)
        raise
