"""The score of a reward: what was found of it, weighed by the rules. The same figures and rules give the same score."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from apps.risk.states import NEVER_ALONE, Clue


class Weighing(NamedTuple):
    """A rule: whether it counts, from which figure on, and how much."""

    enabled: bool
    threshold: int
    weight: int


class Found(NamedTuple):
    """A clue with its figure, at least 1, and the sentence that operators read."""

    clue: Clue
    figure: int
    text: str


# What holds where nobody edited a rule. With 60 to hold, one strong clue is enough to have somebody look at it.
DEFAULTS: Final[Mapping[Clue, Weighing]] = {
    Clue.SAME_PHONE: Weighing(True, 1, 60),
    Clue.SAME_ADDRESS: Weighing(True, 1, 60),
    Clue.SAME_PAYER: Weighing(True, 1, 80),
    Clue.SAME_DEVICE: Weighing(True, 1, 60),
    Clue.DEVICE_BURST: Weighing(True, 3, 60),
    Clue.NETWORK_BURST: Weighing(True, 10, 30),
    Clue.RING: Weighing(True, 1, 60),
    Clue.HELP_RING: Weighing(True, 3, 60),
    Clue.HELP_BURST: Weighing(True, 60, 60),
    Clue.SELF_PURCHASE: Weighing(True, 2, 40),
    Clue.REFUNDS: Weighing(True, 3, 40),
    Clue.WECHAT_RANK: Weighing(True, 3, 40),
}


def weight_of(found: Found, rules: Mapping[Clue, Weighing]) -> int:
    """What a clue counts by these rules: nothing below its threshold."""
    rule = rules[Clue(found.clue)]
    return rule.weight if rule.enabled and found.figure >= rule.threshold else 0


def score(clues: Iterable[Found], rules: Mapping[Clue, Weighing]) -> int:
    """The sum of what the clues count; nothing where only those count that never do alone."""
    weights = {clue.clue: weight_of(clue, rules) for clue in clues}
    if not any(weight for clue, weight in weights.items() if clue not in NEVER_ALONE):
        return 0
    return sum(weights.values())
