"""A short storm: everything is killed once, and nothing that anybody was told is lost (`make chaos` storms for minutes)."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from config.local.places import ROOT


def test_nothing_is_lost_in_a_short_storm():
    # Servers of its own, which it kills.
    own = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos", "--seconds", "4"],
        cwd=ROOT,
        env=own,
        capture_output=True,
        text=True,
        check=False,
        timeout=540,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    assert re.search(r"^\d+ faults, [1-9]\d* orders, \d+ refunds: nothing lost$", done.stdout, re.MULTILINE)
