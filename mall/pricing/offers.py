"""Offers: the closed union of what may make a basket cheaper, each a frozen dataclass that explains itself.

An operator fills in a form, the row becomes one of these; there is no mini language. An offer knows its lane,
its scope, what it would save on given goods, and why it saves nothing. It never sees other offers: who wins
and who combines is the engine's business. The threshold of every offer has the same basis: **what is left to
pay of the goods in its scope when its lane begins, before shipping**.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import ClassVar, Final, NamedTuple

from mall import money
from mall.errors import Invalid
from mall.pricing.basket import Buyer, Destination, Line
from mall.pricing.scope import ALL_GOODS, Scope


class OfferInvalid(Invalid):
    """An offer that nobody could explain to a buyer; the sentence says what is wrong with it."""

    code = "offer_invalid"
    message = "优惠设置有误"


class Lane(IntEnum):
    """The stages of a price, in the order in which they run."""

    PRICE = 1
    ITEM = 2
    ORDER = 3
    COUPON = 4
    POINTS = 5
    SHIPPING = 6


EVERY_LANE: Final = frozenset(Lane)


class Basis(StrEnum):
    """What the steps of an offer count."""

    AMOUNT = "AMOUNT"
    PIECES = "PIECES"


class OpenLine(NamedTuple):
    """A line as an offer meets it: ``left_fen`` is what earlier lanes have left to pay."""

    line: Line
    left_fen: int


class Goods:
    """The lines that an offer is worked out on, with their sums."""

    __slots__ = ("left_fen", "lines", "pieces")

    def __init__(self, lines: tuple[OpenLine, ...]) -> None:
        self.lines = lines
        self.left_fen = sum(open_line.left_fen for open_line in lines)
        self.pieces = sum(open_line.line.quantity for open_line in lines)


class Refusal(NamedTuple):
    """Why an offer saves nothing, for the buyer; and the fen that are missing, where that is all it takes."""

    reason: str
    short_by_fen: int | None = None


class Step(NamedTuple):
    """From ``at_least`` (fen or pieces) on, ``off_fen`` off."""

    at_least: int
    off_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    """What every offer has: a ref unique in the quote, a label for buyers, the lanes it combines with."""

    ref: str
    label: str
    combines_with: frozenset[Lane] = EVERY_LANE

    lane: ClassVar[Lane]

    def combines(self, other: _Terms) -> bool:
        """Whether the two may share a line: each names the lane of the other, and it is not the same lane."""
        return (
            self.lane is not other.lane
            and other.lane in self.combines_with
            and self.lane in other.combines_with
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberPrice(_Terms):
    """会员价: members of these levels pay a fixed unit price for the SKUs listed, the rest less ``off_bp``.

    ``prices_fen`` maps SKU ids to the unit price and goes before the percentage; only goods in ``scope`` are
    meant. The percentage is taken per unit. A price above what the goods cost anyway changes nothing.
    """

    lane: ClassVar[Lane] = Lane.PRICE
    per_line: ClassVar[bool] = True

    level_ids: frozenset[int]
    prices_fen: Mapping[int, int] = field(default_factory=dict)
    off_bp: int | None = None
    scope: Scope = ALL_GOODS

    def __post_init__(self) -> None:
        if not self.level_ids:
            raise OfferInvalid("请选择会员等级")
        if not self.prices_fen and self.off_bp is None:
            raise OfferInvalid("请填写会员价或会员折扣")
        if any(price_fen < 0 for price_fen in self.prices_fen.values()):
            raise OfferInvalid("会员价不能为负数")
        if self.off_bp is not None:
            _refuse_impossible_rate(self.off_bp)
        object.__setattr__(self, "prices_fen", MappingProxyType(dict(self.prices_fen)))

    def denies(self, buyer: Buyer) -> Refusal | None:
        """Why this buyer cannot have it, None for those who can."""
        return None if buyer.level_id in self.level_ids else Refusal("您的会员等级不享受此优惠")

    def saving_fen(self, goods: Goods) -> int:
        """What the goods become cheaper by, in fen."""
        return sum(self._line_saving_fen(open_line) for open_line in goods.lines)

    def why_not(self, goods: Goods) -> Refusal:
        """Why it saves nothing on these goods."""
        return Refusal("会员价不低于当前价格")

    def _line_saving_fen(self, open_line: OpenLine) -> int:
        line = open_line.line
        price_fen = self.prices_fen.get(line.sku_id, line.unit_price_fen)
        if self.off_bp is not None and line.sku_id not in self.prices_fen:
            price_fen -= money.percent_off(price_fen, off_bp=self.off_bp)
        return max(0, open_line.left_fen - price_fen * line.quantity)


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentOff(_Terms):
    """打折: ``off_bp`` less on the goods in scope (九折 is 1,000), together at most ``cap_fen`` where given.

    Without a cap each line is discounted by itself, with one the goods in scope are discounted as a whole;
    both round the reduction down.
    """

    lane: ClassVar[Lane] = Lane.ITEM

    off_bp: int
    cap_fen: int | None = None
    scope: Scope = ALL_GOODS

    def __post_init__(self) -> None:
        _refuse_impossible_rate(self.off_bp)
        if self.cap_fen is not None and self.cap_fen < 1:
            raise OfferInvalid("最高优惠金额必须大于 0")

    @property
    def per_line(self) -> bool:
        """Whether each line stands for itself."""
        return self.cap_fen is None

    def denies(self, buyer: Buyer) -> Refusal | None:
        """Why this buyer cannot have it: anyone can."""
        return None

    def saving_fen(self, goods: Goods) -> int:
        """What the goods become cheaper by, in fen."""
        if self.cap_fen is not None:
            return min(money.percent_off(goods.left_fen, off_bp=self.off_bp), self.cap_fen)
        return sum(money.percent_off(open_line.left_fen, off_bp=self.off_bp) for open_line in goods.lines)

    def why_not(self, goods: Goods) -> Refusal:
        """Why it saves nothing on these goods."""
        return Refusal("优惠金额不足 ¥0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped(_Terms):
    """满减: from each step's threshold on, its fixed amount off; the highest step reached counts, once.

    The steps count fen or, by ``basis``, pieces still to be paid for; both figures rise with every step.
    """

    lane: ClassVar[Lane] = Lane.ORDER
    per_line: ClassVar[bool] = False

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
        for lower, higher in zip(self.steps, self.steps[1:], strict=False):
            if higher.at_least <= lower.at_least or higher.off_fen <= lower.off_fen:
                raise OfferInvalid("满减的门槛和优惠金额必须逐档提高")

    def denies(self, buyer: Buyer) -> Refusal | None:
        """Why this buyer cannot have it: anyone can."""
        return None

    def saving_fen(self, goods: Goods) -> int:
        """What the goods become cheaper by together, in fen: never more than is left of them."""
        counted = self._counted(goods)
        for step in reversed(self.steps):
            if counted >= step.at_least:
                return min(step.off_fen, goods.left_fen)
        return 0

    def why_not(self, goods: Goods) -> Refusal:
        """What is missing to the first step."""
        step = self.steps[0]
        missing = step.at_least - self._counted(goods)
        if self.basis is Basis.PIECES:
            return Refusal(f"再买 {missing} 件可减 ¥{money.yuan(step.off_fen)}")
        return Refusal(f"再买 ¥{money.yuan(missing)} 可减 ¥{money.yuan(step.off_fen)}", short_by_fen=missing)

    def _counted(self, goods: Goods) -> int:
        return goods.pieces if self.basis is Basis.PIECES else goods.left_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class FreePostage(_Terms):
    """包邮: the freight is waived once the goods reach a threshold, in some regions or (None) in all."""

    lane: ClassVar[Lane] = Lane.SHIPPING

    threshold_fen: int = 0
    regions: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if self.threshold_fen < 0:
            raise OfferInvalid("包邮门槛不能为负数")
        if self.regions is not None and not self.regions:
            raise OfferInvalid("请至少选择一个包邮地区")

    def why_not(self, *, goods_left_fen: int, destination: Destination | None) -> Refusal | None:
        """Why it does not apply to goods of which this much is left to pay; None where it does.

        What is missing to the threshold is said first; without a destination there is nothing to waive yet.
        """
        missing_fen = self.threshold_fen - goods_left_fen
        if missing_fen > 0:
            return Refusal(f"再买 ¥{money.yuan(missing_fen)} 可包邮", short_by_fen=missing_fen)
        if destination is None:
            return Refusal("选择收货地址后可享包邮")
        regions = self.regions
        if regions is not None and regions.isdisjoint(destination.region_names()):
            return Refusal("收货地区不在包邮范围内")
        return None


GoodsOffer = MemberPrice | PercentOff | Stepped
Offer = GoodsOffer | FreePostage


def _refuse_impossible_rate(off_bp: int) -> None:
    if not 0 < off_bp <= money.WHOLE_BP:
        raise OfferInvalid("折扣必须在 0 到 100% 之间")
