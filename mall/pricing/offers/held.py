"""What the buyer holds and gives up for a lower price: a coupon (lane COUPON) and points (lane POINTS)."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, fields
from functools import cache
from operator import attrgetter
from typing import Any, ClassVar, TypeVar, cast

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
    Terms,
    refuse_impossible_rate,
    refuse_unless_one,
    step_ahead,
)
from mall.pricing.scope import ALL_GOODS, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupon(GoodsTerms):
    """优惠券: from ``threshold_fen`` on (0: no threshold) ``off_fen``, or ``off_bp`` up to ``cap_fen``, off.

    It never takes off more than the goods in its scope have left. ``valid_until`` decides between coupons
    that save the same, the earlier first and None (for ever) last: ISO texts of one time zone, so that texts
    compare as moments do. A coupon for goods at list price only has an empty ``combines_with``.
    """

    lane: ClassVar[Lane] = Lane.COUPON

    threshold_fen: int = 0
    off_fen: int | None = None
    off_bp: int | None = None
    cap_fen: int | None = None
    scope: Scope = ALL_GOODS
    valid_until: str | None = None

    def __post_init__(self) -> None:
        refuse_unless_one(self.off_fen, self.off_bp, sentence="请填写优惠券金额或折扣，只能选一种")
        if self.threshold_fen < 0:
            raise OfferInvalid("优惠券门槛不能为负数")
        if self.off_bp is not None:
            refuse_impossible_rate(self.off_bp)
        elif self.cap_fen is not None:
            raise OfferInvalid("只有折扣券可以设置最高优惠金额")
        if self.cap_fen is not None and self.cap_fen < 1:
            raise OfferInvalid("最高优惠金额必须大于 0")
        if self.off_fen is not None and self.off_fen < 1:
            raise OfferInvalid("优惠券金额必须大于 0")
        if self.off_fen is not None and self.threshold_fen and self.off_fen > self.threshold_fen:
            raise OfferInvalid("优惠金额不能超过门槛金额")

    def saving_fen(self, goods: Goods) -> int:
        """What the goods become cheaper by together, in fen: never more than is left of them."""
        return self._off_fen(goods.left_fen) if goods.left_fen >= self.threshold_fen else 0

    def why_not(self, goods: Goods) -> Refusal:
        """What is missing to the threshold, or that the saving is too small."""
        ahead = self.next_step(goods)
        return ahead.as_refusal() if ahead else Refusal(TOO_LITTLE)

    def next_step(self, goods: Goods) -> NextStep | None:
        """The threshold, where it is not reached yet."""
        short_fen = self.threshold_fen - goods.left_fen
        if short_fen <= 0:
            return None
        saving_fen = self._off_fen(self.threshold_fen)
        gain = f"减 {money.priced(saving_fen)}"
        return step_ahead(Basis.AMOUNT, short=short_fen, gain=gain, saving_fen=saving_fen)

    def _off_fen(self, left_fen: int) -> int:
        if self.off_bp is None:
            return min(self.off_fen or 0, left_fen)
        off_fen = money.percent_off(left_fen, off_bp=self.off_bp)
        return off_fen if self.cap_fen is None else min(off_fen, self.cap_fen)


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsDeduction(GoodsTerms):
    """积分抵扣: ``points_per_yuan`` points pay one yuan, up to ``available_points`` and ``cap_bp`` of the goods.

    The cap is a share of what is left to pay of the goods. Only whole points are used, and no more of them
    than it takes for the fen they pay.
    """

    lane: ClassVar[Lane] = Lane.POINTS

    available_points: int
    points_per_yuan: int = 100
    cap_bp: int = money.WHOLE_BP
    scope: Scope = ALL_GOODS

    def __post_init__(self) -> None:
        if self.available_points < 0:
            raise OfferInvalid("可用积分不能为负数")
        if self.points_per_yuan < 1:
            raise OfferInvalid("积分抵扣比例必须大于 0")
        if not 0 < self.cap_bp <= money.WHOLE_BP:
            raise OfferInvalid("积分抵扣上限必须在 0 到 100% 之间")

    def saving_fen(self, goods: Goods) -> int:
        """What the points pay, in fen."""
        cap_fen = money.share_bp(goods.left_fen, bp=self.cap_bp)
        affordable = money.points_within(cap_fen, points_per_yuan=self.points_per_yuan)
        points = min(self.available_points, affordable)
        return money.points_worth(points, points_per_yuan=self.points_per_yuan)

    def points_for(self, paid_fen: int) -> int:
        """How many points it takes to pay this much."""
        return money.points_paying(paid_fen, points_per_yuan=self.points_per_yuan)

    def why_not(self, goods: Goods) -> Refusal:
        """That there are not enough points, or that the goods are too cheap to pay with one."""
        if not money.points_worth(self.available_points, points_per_yuan=self.points_per_yuan):
            return Refusal("可用积分不足")
        return Refusal("可抵扣金额不足")


T = TypeVar("T", bound=Terms)


def one_of(kind: T, *, ref: str, valid_until: str | None) -> T:
    """A coupon on the terms of ``kind``, which were judged when it was made: a buyer may hold a hundred alike.

    The same as ``dataclasses.replace``, without judging them again.
    """
    made = object.__new__(type(kind))
    of_kind, put = _slots(cast(Hashable, type(kind)))
    for put_one, value in zip(put, (*of_kind(kind), ref, valid_until), strict=True):
        put_one(made, value)
    return made


@cache
def _slots(
    kind: Hashable,
) -> tuple[Callable[[Terms], tuple[Any, ...]], tuple[Callable[[Terms, Any], None], ...]]:
    """How a kind's own terms are read, all but ref and end, and how these, ref and end are put into their slots."""
    own = [
        field.name for field in fields(cast(type[Terms], kind)) if field.name not in {"ref", "valid_until"}
    ]
    return attrgetter(*own), tuple(getattr(kind, name).__set__ for name in [*own, "ref", "valid_until"])
