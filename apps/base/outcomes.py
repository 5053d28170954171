"""What became of many rows that were dealt with one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Outcome(NamedTuple):
    """How many were dealt with as wished, and a sentence for each that was not: what it is, and why."""

    done: int
    refused: Sequence[str]
