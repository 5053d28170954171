"""Money: integer fen, and the only place in the shop where money is divided.

Everything that needs a rate, a share or a split of an amount calls a function of this module, so that each
rounding rule exists once and can be read here. A rate is given in basis points (``_bp``, 10,000 = 100 %).
Nothing here knows floats; an amount is an ``int`` whose name ends in ``_fen``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

FEN_PER_YUAN: Final = 100
WHOLE_BP: Final = 10_000

_YUAN = re.compile(r"(0|[1-9][0-9]{0,12})(?:\.([0-9]{1,2}))?")
_BILLED = re.compile(r"(-?)([0-9]{1,13})(?:\.([0-9]{1,5}))?")


def share_bp(amount_fen: int, *, bp: int) -> int:
    """``bp`` basis points of an amount, in fen, rounded down.

    The shop gives (a discount) and owes (a commission) at most what was stated, never a fraction more. Shares
    above the whole are allowed. Raises ValueError for a negative amount or rate.
    """
    if amount_fen < 0 or bp < 0:
        raise ValueError(f"a share needs an amount and a rate of at least 0, not {amount_fen} and {bp}")
    return amount_fen * bp // WHOLE_BP


def part_bp(part: int, *, of: int) -> int:
    """Return how much of a whole a part is, in basis points rounded down: 197 of 200 is 9850. ``of`` is at least 1.

    10,000 means all of it: for what the shop claims. What people read in a report is ``rate_bp``.
    """
    return part * WHOLE_BP // of


def rate_bp(part: int, *, of: int) -> int:
    """Return how much of a whole a part is, in basis points to the nearest, halves up, for people to read: 6 of 23 is 2609.

    What is compared with a border is compared exactly, not by this. ``of`` is at least 1.
    """
    return average(part * WHOLE_BP, over=of)


def percent_off(amount_fen: int, *, off_bp: int) -> int:
    """The reduction, in fen, of ``off_bp`` basis points off an amount, rounded down: 0 ≤ reduction ≤ amount.

    九折 is ``off_bp=1000``. Raises ValueError for a rate outside 0 … 10,000 or a negative amount.
    """
    if not 0 <= off_bp <= WHOLE_BP:
        raise ValueError(f"a reduction lies between 0 and {WHOLE_BP} basis points, not at {off_bp}")
    return share_bp(amount_fen, bp=off_bp)


def allocate(total_fen: int, weights: Sequence[int]) -> list[int]:
    """Split a total over weights exactly, by largest remainder; the parts add up to the total.

    Each part is its exact proportion rounded down; the fen that are then left over go one each to the largest
    remainders, the earlier index first where they tie. A weight of 0 gets 0, and where the total is at most
    the sum of the weights no part exceeds its weight: a reduction never takes more from a line than is left.
    Raises ValueError for a negative total or weight, and for a total with nothing to carry it.
    """
    whole = sum(weights)
    if total_fen < 0 or any(weight < 0 for weight in weights):
        raise ValueError("neither the total nor a weight may be negative")
    if total_fen == 0:
        return [0] * len(weights)
    if whole == 0:
        raise ValueError(f"{total_fen} fen cannot be split over weights that are all 0")
    parts, remainders = [], []
    for weight in weights:
        part_fen, remainder = divmod(total_fen * weight, whole)
        parts.append(part_fen)
        remainders.append(remainder)
    by_remainder = sorted(range(len(weights)), key=lambda index: (-remainders[index], index))
    for index in by_remainder[: total_fen - sum(parts)]:
        parts[index] += 1
    return parts


def split_units(total_fen: int, units: int) -> list[int]:
    """What each of a line's units was paid with, in fen: one part per unit, adding up to the line's total.

    This is what a single unit is worth when it comes back; the first units carry the odd fen. Raises
    ValueError for fewer than one unit or a negative total.
    """
    if units < 1:
        raise ValueError(f"a line has at least one unit, not {units}")
    if total_fen < 0:
        raise ValueError(f"a line's units were not paid with {total_fen} fen")
    part_fen, odd = divmod(total_fen, units)
    return [part_fen + 1] * odd + [part_fen] * (units - odd)


def average(total_fen: int, *, over: int) -> int:
    """What each of so many has on average, to the nearest fen, halves up: for reports, never for what is paid.

    Raises ValueError for a negative total or nobody to share it.
    """
    if total_fen < 0 or over < 1:
        raise ValueError(f"{total_fen} fen have no average over {over}")
    return (2 * total_fen + over) // (2 * over)


def points_worth(points: int, *, points_per_yuan: int) -> int:
    """What these points pay, in whole fen, rounded down: 100 at 100 a yuan pay 100 fen, 7 at 30 pay 23.

    Raises ValueError for negative points or a rate below 1; so do the next two.
    """
    _refuse_impossible_points(points, points_per_yuan)
    return points * FEN_PER_YUAN // points_per_yuan


def points_within(amount_fen: int, *, points_per_yuan: int) -> int:
    """The most points that pay no more than an amount, by their exact worth: 52 fen at 30 a yuan hold 15."""
    _refuse_impossible_points(amount_fen, points_per_yuan)
    return amount_fen * points_per_yuan // FEN_PER_YUAN


def points_paying(amount_fen: int, *, points_per_yuan: int) -> int:
    """The fewest points that pay an amount: 50 fen at 30 a yuan take 15, 53 fen take 16."""
    _refuse_impossible_points(amount_fen, points_per_yuan)
    return -(-amount_fen * points_per_yuan // FEN_PER_YUAN)


def _refuse_impossible_points(quantity: int, points_per_yuan: int) -> None:
    if quantity < 0 or points_per_yuan < 1:
        raise ValueError(f"neither {quantity} points or fen nor {points_per_yuan} points a yuan are possible")


def yuan(amount_fen: int) -> str:
    """An amount for people, in yuan with two decimals: 1200 → ``12.00``, -5 → ``-0.05``."""
    whole, cents = divmod(abs(amount_fen), FEN_PER_YUAN)
    sign = "-" if amount_fen < 0 else ""
    return f"{sign}{whole}.{cents:02d}"


def priced(amount_fen: int) -> str:
    """An amount as people read it, the sign before that of the money: 1200 → ``¥12.00``, -57 → ``-¥0.57``."""
    return f"{'-' if amount_fen < 0 else ''}¥{yuan(abs(amount_fen))}"


def changed(amount_fen: int) -> str:
    """What was added or taken, always with its sign: 1200 → ``+¥12.00``, -57 → ``-¥0.57``."""
    return f"{'+' if amount_fen > 0 else ''}{priced(amount_fen)}"


def percent(bp: int) -> str:
    """A rate as people read it, with two decimals: 2609 → ``26.09%``."""
    return f"{yuan(bp)}%"


def parse_yuan(text: str) -> int:
    """What a person typed as yuan, in fen: ``12`` and ``12.0`` and ``12.00`` → 1200.

    Strict on purpose: plain ASCII digits, at most two decimals, at most thirteen digits before the point; no
    sign, blanks, separators, exponents, leading zeros or full-width digits. Raises ValueError otherwise.
    """
    match = _YUAN.fullmatch(text)
    if match is None:
        raise ValueError(f"not an amount in yuan: {text!r}")
    whole, cents = match.groups()
    return int(whole) * FEN_PER_YUAN + int((cents or "").ljust(2, "0"))


def parse_billed(text: str) -> int:
    """An amount of a bill in yuan with up to five decimals, in thousandths of a fen: ``-0.07200`` → -7200.

    WeChat Pay's fees are that fine. Raises ValueError for anything else.
    """
    match = _BILLED.fullmatch(text)
    if match is None:
        raise ValueError(f"not an amount of a bill: {text!r}")
    sign, whole, decimals = match.groups()
    millifen = int(whole) * 100_000 + int((decimals or "").ljust(5, "0"))
    return -millifen if sign else millifen


def whole_fen(millifen: int) -> int:
    """Thousandths of a fen as fen. Raises ValueError where they are no whole ones: what is paid is never a part of a fen."""
    fen, rest = divmod(millifen, 1000)
    if rest:
        raise ValueError(f"not whole fen: {millifen}")
    return fen


def fen_around(millifen: int) -> int:
    """Thousandths of a fen as the nearest fen, halves away from 0, as WeChat Pay rounds the fees that it takes."""
    rounded = (abs(millifen) + 500) // 1000
    return -rounded if millifen < 0 else rounded
