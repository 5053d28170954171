"""满减: reductions of the whole order by steps (lane ORDER)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, NamedTuple

from mall import money
from mall.pricing.offers.terms import (
    TOO_LITTLE,
    Basis,
    Goods,
    GoodsTerms,
    Lane,
    NextStep,
    OfferInvalid,
    Refusal,
    step_ahead,
)
from mall.pricing.scope import ALL_GOODS, Scope


class Step(NamedTuple):
    """From ``at_least`` (fen or pieces) on, ``off_fen`` off."""

    at_least: int
    off_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped(GoodsTerms):
    """满减: from each step's threshold on, its fixed amount off; the highest step reached counts, once.

    The steps count fen or, by ``basis``, pieces still to be paid for; both figures rise with every step.
    """

    lane: ClassVar[Lane] = Lane.ORDER

    steps: tuple[Step, ...]
    basis: Basis = Basis.AMOUNT
    scope: Scope = ALL_GOODS

    def __post_init__(self) -> None:
        if not self.steps:
            raise OfferInvalid("请至少设置一档满减")
        for step in self.steps:
            if step.at_least < 1 or step.off_fen < 1:
                raise OfferInvalid("满减的门槛和优惠金额必须大于 0")
            if self.basis is Basis.AMOUNT and step.off_fen > step.at_least:
                raise OfferInvalid("优惠金额不能超过门槛金额")
        for lower, higher in pairwise(self.steps):
            if higher.at_least <= lower.at_least or higher.off_fen <= lower.off_fen:
                raise OfferInvalid("满减的门槛和优惠金额必须逐档提高")

    def saving_fen(self, goods: Goods) -> int:
        """What the goods become cheaper by together, in fen: never more than is left of them."""
        counted = goods.counted(self.basis)
        for step in reversed(self.steps):
            if counted >= step.at_least:
                return min(step.off_fen, goods.left_fen)
        return 0

    def why_not(self, goods: Goods) -> Refusal:
        """What is missing to the first step."""
        ahead = self.next_step(goods)
        return ahead.as_refusal() if ahead else Refusal(TOO_LITTLE)

    def next_step(self, goods: Goods) -> NextStep | None:
        """The lowest step that is not reached yet."""
        counted = goods.counted(self.basis)
        for step in self.steps:
            if counted < step.at_least:
                return step_ahead(
                    self.basis,
                    short=step.at_least - counted,
                    gain=f"减 {money.priced(step.off_fen)}",
                    saving_fen=step.off_fen,
                )
        return None
