"""The verbs of the Makefile, run inside the virtual environment: ``python -m config.local demo``."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable

from config.local import checks, cleaning, demo, locking, manual
from config.local.places import Problem
from config.local.processes import Stopped, die_with_parent, end_on_signals

VERBS: dict[str, Callable[[], int]] = {
    "bench": checks.bench,
    "chaos": checks.chaos,
    "check": checks.check,
    "clean": cleaning.clean,
    "demo": demo.demo,
    "diagrams": lambda: checks.manage("draw_lifecycles"),
    "format": checks.tidy,
    "ha": checks.beyond_one_machine,
    "lock": locking.lock,
    "manual": manual.draw,
    "migrations": lambda: checks.manage("makemigrations"),
    "properties": checks.properties,
    "races": checks.races,
    "run": demo.run,
    "setup": lambda: 0,
    "test": checks.test,
}
# Verbs whose work is to stay up: being asked to stop is how they end well.
_LASTING = frozenset({"demo", "run"})


def main(arguments: list[str]) -> int:
    """Run the verb and return the exit status, with one line for a problem instead of a traceback."""
    verb = arguments[0] if arguments else ""
    if verb not in VERBS:
        print(f"usage: make {' | '.join(sorted(VERBS))}", file=sys.stderr)
        return 2
    if "MAKELEVEL" in os.environ:
        die_with_parent(signal.SIGTERM)  # should make be killed outright
    end_on_signals()
    try:
        return VERBS[verb]()
    except Stopped as stopped:
        print("\nEverything that was started is stopped.", flush=True)
        return 0 if verb in _LASTING and not os.environ.get("EXIT") else 128 + stopped.number
    except (Problem, OSError, subprocess.TimeoutExpired) as problem:
        print(f"\nmake {verb}: {problem}", file=sys.stderr, flush=True)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
