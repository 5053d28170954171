"""Offers on the freight (lane SHIPPING): it is waived, never allocated to the goods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mall import money
from mall.pricing.basket import Destination
from mall.pricing.offers.terms import Lane, OfferInvalid, Refusal, Terms
from mall.pricing.scope import ALL_GOODS, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class _Postage(Terms):
    """What waives freight once the goods reach a threshold (0: always)."""

    lane: ClassVar[Lane] = Lane.SHIPPING
    scope: ClassVar[Scope] = ALL_GOODS
    gain: ClassVar[str]  # what the buyer can do from the threshold on
    gain_there: ClassVar[str]  # what the buyer can do once there is an address

    threshold_fen: int = 0

    def fits(self, *, goods_left_fen: int, destination: Destination | None) -> bool:
        """Whether it applies to goods of which this much is left to pay, on their way to this place."""
        return goods_left_fen >= self.threshold_fen and destination is not None and self.reaches(destination)

    def reaches(self, destination: Destination) -> bool:
        """Whether the place lies in its regions: it is good everywhere, unless it says otherwise."""
        return True

    def why_not(self, *, goods_left_fen: int, destination: Destination | None) -> Refusal | None:
        """Why it does not apply; None where it does.

        What is missing to the threshold is said first; without a destination there is nothing to waive yet.
        """
        missing_fen = self.threshold_fen - goods_left_fen
        if missing_fen > 0:
            reason = f"再买 {money.priced(missing_fen)} 可{self.gain}"
            return Refusal(reason, short_by_fen=missing_fen, advises=True)
        if destination is None:
            return Refusal(f"选择收货地址后可{self.gain_there}")
        return None if self.reaches(destination) else Refusal("收货地区不在包邮范围内")


@dataclass(frozen=True, slots=True, kw_only=True)
class FreePostage(_Postage):
    """包邮: the freight is waived once the goods reach a threshold, in some regions or (None) in all."""

    gain: ClassVar[str] = "包邮"
    gain_there: ClassVar[str] = "享包邮"

    regions: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if self.threshold_fen < 0:
            raise OfferInvalid("包邮门槛不能为负数")
        if self.regions is not None and not self.regions:
            raise OfferInvalid("请至少选择一个包邮地区")

    def reaches(self, destination: Destination) -> bool:
        """Whether the place lies in the regions."""
        return self.regions is None or not self.regions.isdisjoint(destination.region_names())

    def waives_fen(self, fee_fen: int) -> int:
        """How much of this fee it waives: all."""
        return fee_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class FreightCoupon(_Postage):
    """运费券: ``off_fen`` of the freight, or (None) all of it, once the goods reach a threshold.

    ``valid_until`` as in ``Coupon``.
    """

    gain: ClassVar[str] = "用运费券"
    gain_there: ClassVar[str] = "用运费券"

    off_fen: int | None = None
    valid_until: str | None = None

    def __post_init__(self) -> None:
        if self.threshold_fen < 0:
            raise OfferInvalid("优惠券门槛不能为负数")
        if self.off_fen is not None and self.off_fen < 1:
            raise OfferInvalid("优惠券金额必须大于 0")

    def waives_fen(self, fee_fen: int) -> int:
        """How much of this fee it waives."""
        return fee_fen if self.off_fen is None else min(fee_fen, self.off_fen)
