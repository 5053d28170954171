"""A large basket, many offers and many coupons for pricing alone, without a database."""

from __future__ import annotations

from mall.pricing.basket import Basket, Buyer, ChargedBy, Destination, Freight, Line, Zone
from mall.pricing.offers import (
    ActivityPrice,
    AnyCoupon,
    Bundle,
    BundleItem,
    Coupon,
    FixedOff,
    FreePostage,
    FreightCoupon,
    Gift,
    GiftItem,
    GiftStep,
    MemberPrice,
    NForM,
    Offer,
    PercentOff,
    SecondHalf,
    Step,
    Stepped,
)
from mall.pricing.scope import ALL_GOODS, Brands, Categories, Products, Scope


def twenty_lines() -> Basket:
    """Return a basket of twenty lines on its way to Hangzhou, so that freight is charged."""
    freight = Freight(
        ref="件",
        label="按件计费",
        charged_by=ChargedBy.PIECE,
        default=Zone(first_units=1, first_fee_fen=800, next_units=1, next_fee_fen=200),
    )
    lines = tuple(
        Line(
            sku_id=n,
            product_id=n,
            category_ids=frozenset({n % 4, 10 + n % 3}),
            brand_id=n % 5,
            title="茶杯",
            quantity=1 + n % 3,
            unit_price_fen=1000 + 700 * n,
            freight_ref=freight.ref,
        )
        for n in range(20)
    )
    hangzhou = Destination(province="浙江省", city="杭州市", district="西湖区")
    return Basket(lines=lines, buyer=Buyer(level_id=1), destination=hangzhou, freights=(freight,))


def _scope(n: int) -> Scope:
    return (
        ALL_GOODS,
        Products(frozenset({n % 20, n * 7 % 20, n * 11 % 20})),
        Categories(frozenset({n % 4})),
        Brands(frozenset({n % 5})),
    )[n % 4]


def two_hundred_offers() -> list[Offer]:
    """Return offers of every kind on every sort of scope, twenty of each."""
    offers: list[Offer] = []
    for n in range(20):
        steps = (Step(5000 + 100 * n, 500 + 20 * n), Step(20000, 3000 + n), Step(900_000, 30_000))
        pair = (BundleItem(n, "茶杯", 1), BundleItem((n + 7) % 20, "茶壶", 1))
        gifts = (GiftItem(100 + n, "茶巾", 1, 5),)
        gold, scope, cap_fen = frozenset({1}), _scope(n), 3000 if n % 2 else None
        offers += [
            MemberPrice(ref=f"会员{n}", label="会员价", level_ids=gold, off_bp=100 + n, scope=scope),
            ActivityPrice(ref=f"活动{n}", label="活动价", prices_fen={n: 900 + 650 * n}, scope=scope),
            PercentOff(ref=f"折{n}", label="折扣", off_bp=500 + n, scope=scope, cap_fen=cap_fen),
            FixedOff(ref=f"直降{n}", label="直降", off_fen=50 + n, scope=scope, cap_fen=cap_fen),
            NForM(ref=f"任选{n}", label="任选", pieces=3, price_fen=8000 + 100 * n, scope=scope),
            SecondHalf(ref=f"第二件{n}", label="第二件半价", same_sku=n % 2 == 0, scope=scope),
            Bundle(ref=f"套餐{n}", label="套餐", items=pair, price_fen=5000 + 300 * n),
            Stepped(ref=f"满减{n}", label="满减", steps=steps, scope=scope),
            Gift(ref=f"买赠{n}", label="买赠", steps=(GiftStep(9000 + n, gifts),), scope=scope),
            FreePostage(ref=f"包邮{n}", label="包邮", threshold_fen=200_000 + 1000 * n),
        ]
    return offers


def fifty_coupons() -> list[AnyCoupon]:
    """Return the coupons of a member who collects them: fixed, percent, with a scope, and for the freight."""
    coupons: list[AnyCoupon] = []
    for n in range(10):
        scope = _scope(n)
        coupons += [
            Coupon(ref=f"券{n}", label="立减券", off_fen=100 + n),
            Coupon(ref=f"满减券{n}", label="满减券", threshold_fen=10_000 * n, off_fen=100 * n + 100),
            Coupon(ref=f"折扣券{n}", label="折扣券", off_bp=500, cap_fen=1000 * n + 1, scope=scope),
            Coupon(ref=f"商品券{n}", label="商品券", threshold_fen=5000, off_fen=700 + n, scope=scope),
            FreightCoupon(ref=f"运费券{n}", label="运费券", off_fen=200 + n),
        ]
    return coupons
