"""Shows how far a long command of ours is: one line that rewrites itself in a terminal, a line now and then elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Final

from config.local.places import ROOT, Problem

# What is being made, how many are, of how many, and which: ``products 3/37: 手工陶瓷茶杯套装``.
_STEP: Final = re.compile(r"(?P<what>[a-z ]+) (?P<done>\d+)/(?P<all>\d+)(?:: (?P<which>.*))?")
# Where lines cannot be rewritten, one in so many seconds is enough.
_EVERY_S: Final = 5.0
_WIDTH: Final = 70


class Shown:
    """Progress on a stream: ``take`` is given each line that the command prints."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._rewrites = out.isatty()
        self._told_at = float("-inf")
        self._what = ""
        self._open = False

    def take(self, line: str, *, at: float) -> None:
        """Show a step of progress; any other line belongs to the log. ``at`` is in seconds of any clock."""
        step = _STEP.fullmatch(line)
        if step is None:
            return
        text = f"  {step['what']} {step['done']} of {step['all']}"
        if self._rewrites:
            which = f": {step['which']}" if step["which"] else ""
            self._out.write(f"\r\x1b[K{(text + which)[:_WIDTH]}")
            self._open = True
        elif step["what"] != self._what or step["done"] == step["all"] or at - self._told_at >= _EVERY_S:
            self._out.write(f"{text}\n")
            self._told_at = at
        self._what = step["what"]
        self._out.flush()

    def end(self) -> None:
        """Leave the line that was rewritten."""
        if self._open:
            self._out.write("\r\x1b[K")
            self._out.flush()


def run(command: list[str], *, environ: Mapping[str, str], log: Path, within: float) -> str:
    """Run a command of the shop, showing its progress, and return all that it printed, which ``log`` keeps.

    Problem with its end when it fails or takes longer than ``within`` seconds.
    """
    with subprocess.Popen(
        command,
        env=dict(environ),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        late = threading.Timer(within, process.kill)
        late.start()
        shown, printed = Shown(sys.stdout), []
        try:
            with log.open("w") as kept:
                for line in process.stdout or ():
                    printed.append(line)
                    kept.write(line)
                    shown.take(line.rstrip("\n"), at=time.monotonic())
            process.wait()
        except BaseException:
            process.kill()
            raise
        finally:
            shown.end()
            overdue = not late.is_alive()
            late.cancel()
    if process.returncode != 0:
        end = "".join(printed[-20:])
        why = f"took longer than {within:.0f} seconds" if overdue else "failed"
        raise Problem(f"`{' '.join(command[1:])}` {why}:\n{end}")
    return "".join(printed)
