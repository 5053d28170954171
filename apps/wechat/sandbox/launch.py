"""Run the sandbox as a child process, for tests and for the demo."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apps.wechat.sandbox.control import Sandbox

ROOT = Path(__file__).resolve().parents[3]
READY = "WeChat sandbox ready at "


class NotStarted(RuntimeError):
    """The process ended before it was ready; its own words are on stderr."""


@contextmanager
def running(
    identity_dir: Path,
    *,
    port: int | None = None,
    data: Path | None = None,
    push_url: str = "",
    time_factor: float | None = None,
    fast: bool = True,
) -> Iterator[Sandbox]:
    """Start a sandbox, yield its control client once it answers, and stop it at the end.

    Without ``port`` it takes a free one. It also ends when this process ends, however that happens.
    """
    command = [sys.executable, "-m", "apps.wechat.sandbox", "--identity", str(identity_dir)]
    command += ["--port", str(port or 0), "--until-stdin-ends", "--push-url", push_url]
    if data is not None:
        command += ["--data", str(data)]
    if time_factor is not None:
        command += ["--time-factor", str(time_factor)]
    if fast:
        command.append("--fast")
    process = subprocess.Popen(  # noqa: S603 - our own module with arguments of our own
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        try:
            yield Sandbox(_address(process))
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


def _address(process: subprocess.Popen[str]) -> str:
    """Return the address that the ready line names."""
    line = process.stdout.readline() if process.stdout is not None else ""
    if not line.startswith(READY):
        raise NotStarted(f"the sandbox ended with status {process.wait(5)}")
    return line.removeprefix(READY).strip()
