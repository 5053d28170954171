"""`make clean`: forget the local shop, its servers' data and the tools' caches; .venv stays."""

from __future__ import annotations

import shutil

from config.local import account
from config.local.places import ROOT, STATE, Problem, Slot

_CACHES = (".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache")


def clean() -> int:
    """Remove what runs have left; Problem while one is under way."""
    for directory in sorted(path.parent for path in STATE.glob("*/kept.json")):
        slot = Slot(directory)
        if not slot.take():
            raise Problem(f"a run in {directory} is under way; stop it first")
        account.forget(slot)
        shutil.rmtree(directory)
        slot.release()
    account.forget_copies()
    shutil.rmtree(STATE / "bytecode", ignore_errors=True)
    for name in _CACHES:
        shutil.rmtree(ROOT / name, ignore_errors=True)
    return 0
