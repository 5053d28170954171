"""``python -m tests.ha NAME…``: runs trials one after the other; without a name, all of them. `make ha` calls it."""

from __future__ import annotations

import os
import sys

from config.local.places import ROOT
from config.local.processes import run
from tests.ha import TRIALS


def main(names: list[str]) -> int:
    """Run each trial in a process of its own and return 1 if one failed, 2 for a name that is none."""
    if unknown := set(names) - set(TRIALS):
        print(f"no trial {', '.join(sorted(unknown))}; there are {', '.join(TRIALS)}", file=sys.stderr)
        return 2
    failed = []
    for name in names or TRIALS:
        print(f"\n== {name}: {TRIALS[name]}", flush=True)
        if run((sys.executable, "-m", f"tests.ha.{name}"), environment=os.environ, directory=ROOT) != 0:
            failed.append(name)
    print(f"\nFailed: {', '.join(failed)}." if failed else "\nEvery trial passed.", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
