"""The contest inside a lane: which offers take which lines, so that the buyer saves most.

A line goes to one offer of a lane at most; offers that want different lines do not compete. An offer that
finds some of its lines gone is worked out again on those that are free. Sets of lines are bit masks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Final, NamedTuple

from mall.pricing.offers import GoodsOffer

# With up to this many different claims on the same goods, every order of serving them is tried, which finds
# the buyer's best (6 claims leave at most 64 sets of lines to look at). With more, the best claim is served
# first, then the best on what is left, and so on: time stays bounded whatever an operator sets up.
EXACT_UP_TO: Final = 6

Worth = Callable[[GoodsOffer, int], int]


class Win(NamedTuple):
    """An offer, the lines that it takes, and what it takes off them together, in fen."""

    offer: GoodsOffer
    lines: int
    saving_fen: int


class _Claim(NamedTuple):
    """A set of lines, and the offers that want exactly these, by ref."""

    lines: int
    offers: Sequence[GoodsOffer]


_Plan = tuple[Win, ...]


def winners(stakes: Iterable[tuple[GoodsOffer, int]], worth: Worth) -> list[Win]:
    """The offers that win, each with its lines; no line twice, nothing that saves nothing.

    ``stakes`` are pairs of an offer and the lines it may take; ``worth(offer, lines)`` is its saving on them,
    which must not grow when lines are taken away. Ties go to the lower ref. The order of the stakes does not
    matter.
    """
    wanted: dict[int, list[GoodsOffer]] = {}
    for offer, lines in sorted(stakes, key=lambda stake: stake[0].ref):
        if worth(offer, lines) > 0:
            wanted.setdefault(lines, []).append(offer)
    claims = [_Claim(lines, wanted[lines]) for lines in sorted(wanted)]
    wins: list[Win] = []
    for rivals in _rivalries(claims):
        wins.extend(_served(rivals, worth))
    return wins


def _served(rivals: Sequence[_Claim], worth: Worth) -> Iterable[Win]:
    """The wins among rivals. One alone has its lines: nothing is to be tried."""
    if len(rivals) == 1:
        best = _best_of(rivals[0], rivals[0].lines, worth)
        return (best,) if best else ()
    return (_best_order if len(rivals) <= EXACT_UP_TO else _best_first)(rivals, worth)


def _rivalries(claims: Iterable[_Claim]) -> list[list[_Claim]]:
    """The claims sorted into groups that share no line with one another."""
    groups: list[tuple[int, list[_Claim]]] = []
    for claim in claims:
        lines, rivals = claim.lines, [claim]
        apart = []
        for group in groups:
            if group[0] & claim.lines:
                lines |= group[0]
                rivals = group[1] + rivals
            else:
                apart.append(group)
        groups = [*apart, (lines, rivals)]
    return [rivals for _, rivals in groups]


def _best_of(claim: _Claim, free: int, worth: Worth) -> Win | None:
    """The offer of a claim that saves most on those of its lines that are free."""
    lines = claim.lines & free
    if not lines:
        return None
    best: Win | None = None
    for offer in claim.offers:
        saving_fen = worth(offer, lines)
        if saving_fen > (best.saving_fen if best else 0):
            best = Win(offer, lines, saving_fen)
    return best


def _best_order(claims: Sequence[_Claim], worth: Worth) -> _Plan:
    """The best plan there is: every order of serving the claims is tried, once per set of free lines."""

    @cache
    def plan(free: int) -> _Plan:
        wins = [win for claim in claims if (win := _best_of(claim, free, worth))]
        return min([(), *((win, *plan(free & ~win.lines)) for win in wins)], key=_preference)

    return plan(-1)


def _best_first(claims: Sequence[_Claim], worth: Worth) -> _Plan:
    """A good plan in bounded time: the claim that saves most on the free lines is served, until none does."""
    served: list[Win] = []
    free = -1
    offered = [_best_of(claim, free, worth) for claim in claims]
    while hopes := [(win, claim) for win, claim in zip(offered, claims, strict=True) if win]:
        best = min((win for win, _ in hopes), key=lambda win: (-win.saving_fen, win.offer.ref, win.lines))
        served.append(best)
        free &= ~best.lines
        claims = [claim for _, claim in hopes]
        offered = [_best_of(claim, free, worth) if win.lines & best.lines else win for win, claim in hopes]
    return tuple(served)


def _preference(plan: _Plan) -> tuple[int, list[str], list[int]]:
    """The lower, the better the plan: it saves more, then its refs are lower, then its sets of lines."""
    by_ref = sorted(plan, key=lambda win: (win.offer.ref, win.lines))
    saving_fen = sum(win.saving_fen for win in plan)
    return -saving_fen, [win.offer.ref for win in by_ref], [win.lines for win in by_ref]
