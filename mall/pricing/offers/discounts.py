"""Offers that take a percentage or a fixed amount off goods (lane ITEM)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mall import money
from mall.pricing.offers.terms import (
    TOO_LITTLE,
    Goods,
    GoodsTerms,
    Lane,
    OfferInvalid,
    OpenLine,
    Refusal,
    refuse_impossible_rate,
    refuse_unless_one,
)
from mall.pricing.scope import ALL_GOODS, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class _Discount(GoodsTerms):
    """A discount, together at most ``cap_fen`` where given."""

    lane: ClassVar[Lane] = Lane.ITEM

    cap_fen: int | None = None
    scope: Scope = ALL_GOODS

    @property
    def per_line(self) -> bool:
        """Whether each line stands for itself: always, unless a cap ties them together."""
        return self.cap_fen is None

    def _refuse_impossible_cap(self) -> None:
        if self.cap_fen is not None and self.cap_fen < 1:
            raise OfferInvalid("最高优惠金额必须大于 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentOff(_Discount):
    """打折: ``off_bp`` less on the goods in scope (九折 is 1,000), together at most ``cap_fen`` where given.

    Without a cap each line is discounted by itself, with one the goods in scope are discounted as a whole;
    both round the reduction down.
    """

    off_bp: int

    def __post_init__(self) -> None:
        refuse_impossible_rate(self.off_bp)
        self._refuse_impossible_cap()

    def saving_fen(self, goods: Goods) -> int:
        """What the goods become cheaper by, in fen."""
        if self.cap_fen is not None:
            return min(money.percent_off(goods.left_fen, off_bp=self.off_bp), self.cap_fen)
        return sum(money.percent_off(open_line.left_fen, off_bp=self.off_bp) for open_line in goods.lines)

    def why_not(self, goods: Goods) -> Refusal:
        """Why it saves nothing on these goods."""
        return Refusal(TOO_LITTLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedOff(_Discount):
    """直降 or 特价: ``off_fen`` off each unit, or each unit for ``price_fen``; together at most ``cap_fen``.

    No unit becomes cheaper than free. A capped saving is split over the lines in proportion to what each
    would have saved without the cap.
    """

    off_fen: int | None = None
    price_fen: int | None = None

    def __post_init__(self) -> None:
        refuse_unless_one(self.off_fen, self.price_fen, sentence="请填写每件减多少或一口价，只能选一种")
        if self.off_fen is not None and self.off_fen < 1:
            raise OfferInvalid("每件减免金额必须大于 0")
        if self.price_fen is not None and self.price_fen < 0:
            raise OfferInvalid("特价不能为负数")
        self._refuse_impossible_cap()

    def saving_fen(self, goods: Goods) -> int:
        """What the goods become cheaper by, in fen."""
        saving_fen = sum(self._line_saving_fen(open_line) for open_line in goods.lines)
        return saving_fen if self.cap_fen is None else min(saving_fen, self.cap_fen)

    def parts_fen(self, goods: Goods) -> list[int]:
        """What each line becomes cheaper by, in fen."""
        return money.allocate(
            self.saving_fen(goods), [self._line_saving_fen(open_line) for open_line in goods.lines]
        )

    def why_not(self, goods: Goods) -> Refusal:
        """Why it saves nothing on these goods."""
        return Refusal("特价不低于当前价格")

    def _line_saving_fen(self, open_line: OpenLine) -> int:
        line, left_fen = open_line
        if self.price_fen is not None:
            return max(0, left_fen - self.price_fen * line.quantity)
        return min(left_fen, (self.off_fen or 0) * line.quantity)
