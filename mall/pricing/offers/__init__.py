"""Offers: the closed union of what may make a basket cheaper, each a frozen dataclass that explains itself.

An operator fills in a form, the row becomes one of these; there is no mini language. An offer knows its lane,
its scope, what it would save on given goods, and why it saves nothing. It never sees other offers: who wins
and who combines is the engine's business. The threshold of every offer has the same basis: **what is left to
pay of the goods in its scope when its lane begins, before shipping**.
"""

from mall.pricing.offers.discounts import FixedOff, PercentOff
from mall.pricing.offers.gifts import Gift, GiftItem, GiftStep
from mall.pricing.offers.held import Coupon, PointsDeduction, one_of
from mall.pricing.offers.postage import FreePostage, FreightCoupon
from mall.pricing.offers.prices import ActivityPrice, MemberPrice
from mall.pricing.offers.sets import Bundle, BundleItem, NForM, SecondHalf
from mall.pricing.offers.stepped import Step, Stepped
from mall.pricing.offers.terms import (
    EVERY_LANE,
    Basis,
    Goods,
    Lane,
    NextStep,
    OfferInvalid,
    OpenLine,
    Refusal,
    Terms,
)

PriceOffer = ActivityPrice | MemberPrice
GoodsOffer = (
    PriceOffer | PercentOff | FixedOff | NForM | SecondHalf | Bundle | Stepped | Coupon | PointsDeduction
)
PostageOffer = FreePostage | FreightCoupon
Offer = GoodsOffer | Gift | PostageOffer
AnyCoupon = Coupon | FreightCoupon

__all__ = [
    "EVERY_LANE",
    "ActivityPrice",
    "AnyCoupon",
    "Basis",
    "Bundle",
    "BundleItem",
    "Coupon",
    "FixedOff",
    "FreePostage",
    "FreightCoupon",
    "Gift",
    "GiftItem",
    "GiftStep",
    "Goods",
    "GoodsOffer",
    "Lane",
    "MemberPrice",
    "NForM",
    "NextStep",
    "Offer",
    "OfferInvalid",
    "OpenLine",
    "PercentOff",
    "PointsDeduction",
    "PostageOffer",
    "PriceOffer",
    "Refusal",
    "SecondHalf",
    "Step",
    "Stepped",
    "Terms",
    "one_of",
]
