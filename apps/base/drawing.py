"""Draws that nobody can reckon beforehand: a sum split over people, all at once, so that the parts add up to it exactly."""

from __future__ import annotations

import secrets
from typing import Final

from mall import money

# No part weighs more than so many times another: a friend who gets one fen feels fooled.
_SPREAD: Final = 4


def parts_fen(total_fen: int, *, people: int) -> list[int]:
    """Split a sum over so many people, at random, at least one fen each; the parts add up to it.

    Raises ValueError where there is less than one fen for each.
    """
    if total_fen < people or people < 1:
        raise ValueError(f"{total_fen} fen cannot be split over {people} people")
    weights = [1_000 + secrets.randbelow((_SPREAD - 1) * 1_000) for _ in range(people)]
    return [1 + part for part in money.allocate(total_fen - people, weights)]
