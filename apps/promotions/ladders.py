"""Step-up prices (阶梯涨价): what is off at this moment, by the units sold and by the hours since. Pure.

「前100名5折，之后每小时涨10%」 is one step, 100 units at 5,000 off, and a rise of 1,000 every hour: the 101st unit
costs 六折 for an hour, then 七折, and so on until nothing is off. An order belongs to the step that is open
when it is placed, with all its units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from mall.money import WHOLE_BP
from mall.pricing.offers import OfferInvalid


class Rung(NamedTuple):
    """Below ``units`` sold, ``off_bp`` is off."""

    units: int
    off_bp: int


class Present(NamedTuple):
    """What is off now, and in which stage: the index of the step, their number once all are sold."""

    stage: int
    off_bp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """Steps by units sold, each dearer than the one before; then, with a rise, steps by the hour.

    Without a rise the price is the list price once the last step is sold. Raises OfferInvalid for a ladder
    that does not lead up.
    """

    rungs: tuple[Rung, ...]
    rise_bp: int | None = None
    rise_hours: int | None = None

    def __post_init__(self) -> None:
        if not self.rungs:
            raise OfferInvalid("请至少设置一档阶梯价")
        for rung in self.rungs:
            if rung.units < 1 or not 0 < rung.off_bp <= WHOLE_BP:
                raise OfferInvalid("阶梯价的件数必须大于 0，折扣必须在 0 到 10 折之间")
        for lower, higher in pairwise(self.rungs):
            if higher.units <= lower.units or higher.off_bp >= lower.off_bp:
                raise OfferInvalid("阶梯价的件数必须逐档增加，价格必须逐档上涨")
        if (self.rise_bp is None) != (self.rise_hours is None):
            raise OfferInvalid("售满后涨价请同时填写涨幅和间隔小时数")
        if self.rise_bp is not None and (not 0 < self.rise_bp <= WHOLE_BP or not self.rise_hours):
            raise OfferInvalid("涨幅必须在 0 到 100% 之间，间隔至少 1 小时")

    def present(self, *, units: int, filled_at: datetime | None, at: datetime) -> Present:
        """What is off once ``units`` are sold; ``filled_at`` is when the last step was passed."""
        for stage, rung in enumerate(self.rungs):
            if units < rung.units:
                return Present(stage, rung.off_bp)
        last = len(self.rungs)
        if self.rise_bp is None or self.rise_hours is None or filled_at is None:
            return Present(last, 0)
        rises = (at - filled_at) // timedelta(hours=self.rise_hours) + 1
        return Present(last, max(0, self.rungs[-1].off_bp - rises * self.rise_bp))


def ladder(steps: Sequence[Sequence[object]], *, rise_bp: int | None, rise_hours: int | None) -> Ladder:
    """The ladder of a row's ``[[units, off_bp], …]``. Raises OfferInvalid."""
    rungs = []
    for step in steps:
        units, off_bp = step if len(step) == 2 else (None, None)
        if type(units) is not int or type(off_bp) is not int:
            raise OfferInvalid("每档阶梯价由件数和折扣两个数组成")
        rungs.append(Rung(units, off_bp))
    return Ladder(rungs=tuple(rungs), rise_bp=rise_bp, rise_hours=rise_hours)
