"""The arithmetic of the report: percentiles, medians, shares of the ceiling, goals, and how much is kept as data grow."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

PERCENTILES: Final = (50, 95, 99)


@dataclass(frozen=True)
class Goal:
    """``least`` (or, ``at_most``, the greatest) of a figure; of its share where it is held ``against`` another."""

    figure: float
    against: str = ""
    at_most: bool = False

    def kept(self, value: float) -> bool:
        """Whether the figure, or the share of it, is as it should be."""
        return value <= self.figure if self.at_most else value >= self.figure


@dataclass(frozen=True)
class Figure:
    """One line of the report. ``floor`` ends the run where the share falls below it; a ``goal`` is only told.

    Times are in milliseconds: ``latencies`` by percentile, of processor time those of ``web`` and ``postgres`` for one
    answer. ``rounds`` are the values of which ``value`` is the median.
    """

    name: str
    value: float
    unit: str = "a second"
    rounds: Sequence[float] = ()
    latencies: dict[int, float] = field(default_factory=dict)
    statements: int | None = None
    web: float | None = None
    postgres: float | None = None
    goal: Goal | None = None
    floor: Goal | None = None

    def as_json(self, others: dict[str, Figure], ceiling: str) -> dict[str, Any]:
        """All of it as plain values, with its shares."""
        return {
            **asdict(self),
            "share_of_ceiling": share(self.value, others[ceiling].value) if self.is_rate else None,
            "judged": self.judged(self.goal, others),
            "goal_kept": self.keeps(self.goal, others),
            "floor_kept": self.keeps(self.floor, others),
        }

    @property
    def is_rate(self) -> bool:
        """Whether it is so many a second."""
        return self.unit == "a second"

    def judged(self, goal: Goal | None, others: dict[str, Figure]) -> float | None:
        """What a goal is about: the value itself, or its share of another figure; None without a goal."""
        if goal is None:
            return None
        return share(self.value, others[goal.against].value) if goal.against else self.value

    def keeps(self, goal: Goal | None, others: dict[str, Figure]) -> bool | None:
        """Whether a goal is kept; None without one."""
        judged = self.judged(goal, others)
        return None if goal is None or judged is None else goal.kept(judged)


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that so many percent of all do not exceed, which is one of them. Raises ValueError for none."""
    if not values:
        raise ValueError("nothing was measured")
    return sorted(values)[max(math.ceil(len(values) * percent / 100), 1) - 1]


def latencies(rounds: Sequence[Sequence[float]]) -> dict[int, float]:
    """The percentiles of each round that has answers, then their medians, so that one bad round does not decide."""
    measured = [each for each in rounds if each]
    if not measured:
        return {}
    return {
        percent: statistics.median(percentile(each, percent) for each in measured) for percent in PERCENTILES
    }


def share(value: float, of: float) -> float:
    """How many times ``of`` it is. Raises ValueError where there is nothing to be a share of."""
    if of <= 0:
        raise ValueError("no share of nothing")
    return value / of


def kept(before: float, after: float, *, is_time: bool = False) -> float:
    """How much of a speed is left: rates as they are, times the other way round, 1 for all of it."""
    return share(before, after) if is_time else share(after, before)
