"""买赠: gifts that come with a purchase (lane GIFT); they take nothing off the goods."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, NamedTuple

from mall.pricing.offers.terms import Basis, Goods, Lane, NextStep, OfferInvalid, Refusal, Terms, step_ahead
from mall.pricing.scope import ALL_GOODS, Scope


class GiftItem(NamedTuple):
    """A SKU that is given, how many of it, and how many there are to give.

    ``in_stock`` is what is free once the basket has what it buys of the same SKU.
    """

    sku_id: int
    title: str
    quantity: int
    in_stock: int


class GiftStep(NamedTuple):
    """From ``at_least`` (fen or pieces) on, these gifts, all of them."""

    at_least: int
    gifts: tuple[GiftItem, ...]

    @property
    def names(self) -> str:
        """The gifts in the words of a sentence: 「茶杯」「茶叶」."""
        return "".join(f"「{gift.title}」" for gift in self.gifts)

    @property
    def counted(self) -> str:
        """The gifts with their numbers where there are several of one: 「茶杯」×2「茶叶」."""
        return "".join(
            f"「{gift.title}」×{gift.quantity}" if gift.quantity > 1 else f"「{gift.title}」"
            for gift in self.gifts
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift(Terms):
    """买赠: from each step's threshold on, its gifts; the highest step reached counts, once.

    Gift offers do not compete with one another: each that is reached gives. What is out of stock is said and
    left out.
    """

    lane: ClassVar[Lane] = Lane.GIFT

    steps: tuple[GiftStep, ...]
    basis: Basis = Basis.AMOUNT
    scope: Scope = ALL_GOODS

    def __post_init__(self) -> None:
        if not self.steps:
            raise OfferInvalid("请至少设置一档买赠")
        for step in self.steps:
            if step.at_least < 1:
                raise OfferInvalid("买赠的门槛必须大于 0")
            if not step.gifts:
                raise OfferInvalid("每一档请至少选择一件赠品")
            if any(gift.quantity < 1 or gift.in_stock < 0 for gift in step.gifts):
                raise OfferInvalid("赠品数量必须大于 0，赠品库存不能为负数")
            if len({gift.sku_id for gift in step.gifts}) != len(step.gifts):
                raise OfferInvalid("同一档内赠品不能重复")
        if any(higher.at_least <= lower.at_least for lower, higher in pairwise(self.steps)):
            raise OfferInvalid("买赠的门槛必须逐档提高")

    def reached(self, goods: Goods) -> GiftStep | None:
        """The highest step that the goods reach."""
        counted = goods.counted(self.basis)
        return next((step for step in reversed(self.steps) if counted >= step.at_least), None)

    def why_not(self, goods: Goods) -> Refusal:
        """What is missing to the first step."""
        ahead = self.next_step(goods)
        return ahead.as_refusal() if ahead else self.sold_out(self.steps[-1])

    def sold_out(self, step: GiftStep) -> Refusal:
        """That nothing is left of the gifts of a step."""
        return Refusal(f"赠品{step.names}已送完")

    def next_step(self, goods: Goods) -> NextStep | None:
        """The lowest step that is not reached yet."""
        counted = goods.counted(self.basis)
        for step in self.steps:
            if counted < step.at_least:
                return step_ahead(self.basis, short=step.at_least - counted, gain=f"得{step.counted}")
        return None
