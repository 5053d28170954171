"""Offers that change the unit price (lane PRICE): what members pay, and what everybody pays in an activity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

from mall import money
from mall.pricing.basket import Buyer
from mall.pricing.offers.terms import (
    Goods,
    GoodsTerms,
    Lane,
    OfferInvalid,
    OpenLine,
    Refusal,
    refuse_impossible_rate,
)
from mall.pricing.scope import ALL_GOODS, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class _UnitPrice(GoodsTerms):
    """A fixed unit price for the SKUs listed, the rest of the scope less ``off_bp``.

    ``prices_fen`` maps SKU ids to the unit price and goes before the percentage; only goods in ``scope`` are
    meant. The percentage is taken per unit. A price above what the goods cost anyway changes nothing.
    """

    lane: ClassVar[Lane] = Lane.PRICE
    noun: ClassVar[str]

    prices_fen: Mapping[int, int] = field(default_factory=dict)
    off_bp: int | None = None
    scope: Scope = ALL_GOODS

    def __post_init__(self) -> None:
        if not self.prices_fen and self.off_bp is None:
            raise OfferInvalid(f"请填写{self.noun}价或{self.noun}折扣")
        if any(price_fen < 0 for price_fen in self.prices_fen.values()):
            raise OfferInvalid(f"{self.noun}价不能为负数")
        if self.off_bp is not None:
            refuse_impossible_rate(self.off_bp)
        object.__setattr__(self, "prices_fen", MappingProxyType(dict(self.prices_fen)))

    @property
    def per_line(self) -> bool:
        """Each line has its own price."""
        return True

    def saving_fen(self, goods: Goods) -> int:
        """What the goods become cheaper by, in fen."""
        return sum(self._line_saving_fen(open_line) for open_line in goods.lines)

    def parts_fen(self, goods: Goods) -> list[int]:
        """What each line becomes cheaper by, in fen."""
        return [self._line_saving_fen(open_line) for open_line in goods.lines]

    def why_not(self, goods: Goods) -> Refusal:
        """Why it saves nothing on these goods."""
        return Refusal(f"{self.noun}价不低于当前价格")

    def _line_saving_fen(self, open_line: OpenLine) -> int:
        line = open_line.line
        price_fen = self.prices_fen.get(line.sku_id, line.unit_price_fen)
        if self.off_bp is not None and line.sku_id not in self.prices_fen:
            price_fen -= money.percent_off(price_fen, off_bp=self.off_bp)
        return max(0, open_line.left_fen - price_fen * line.quantity)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberPrice(_UnitPrice):
    """会员价: members of these levels pay a fixed unit price for the SKUs listed, the rest less ``off_bp``."""

    noun: ClassVar[str] = "会员"

    level_ids: frozenset[int]

    def __post_init__(self) -> None:
        if not self.level_ids:
            raise OfferInvalid("请选择会员等级")
        _UnitPrice.__post_init__(self)

    def denies(self, buyer: Buyer) -> Refusal | None:
        """Why this buyer cannot have it, None for those who can."""
        return None if buyer.level_id in self.level_ids else Refusal("您的会员等级不享受此优惠")


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityPrice(_UnitPrice):
    """活动价: what everybody pays for a unit at this moment; line by line it competes with member prices.

    A price that moves (by units sold, by the hour) is resolved by whoever builds the offer.
    """

    noun: ClassVar[str] = "活动"
