"""Draws the cuts of a run, all of them when it opens, so that their sum is exact and the last one reaches the floor."""

from __future__ import annotations

import secrets
from typing import Final

from mall import money

# No cut weighs more than so many times another: a friend who cuts one fen feels fooled.
_SPREAD: Final = 4


def cuts_fen(total_fen: int, *, helpers: int) -> list[int]:
    """Split what lies between start and floor over the helpers, at random, at least one fen each; the sum is the total.

    Nobody can reckon them beforehand. Raises ValueError where there is less than one fen for each.
    """
    if total_fen < helpers or helpers < 1:
        raise ValueError(f"{total_fen} fen cannot be cut by {helpers} helpers")
    weights = [1_000 + secrets.randbelow((_SPREAD - 1) * 1_000) for _ in range(helpers)]
    return [1 + part for part in money.allocate(total_fen - helpers, weights)]
