"""A large basket and many offers for pricing alone, without a database."""

from __future__ import annotations

from mall.pricing.basket import Basket, Buyer, Line
from mall.pricing.offers import FreePostage, MemberPrice, Offer, PercentOff, Step, Stepped
from mall.pricing.scope import ALL_GOODS, Brands, Categories, Products, Scope


def twenty_lines() -> Basket:
    """Return a basket of twenty lines."""
    lines = tuple(
        Line(
            sku_id=n,
            product_id=n,
            category_ids=frozenset({n % 4, 10 + n % 3}),
            brand_id=n % 5,
            title="茶杯",
            quantity=1 + n % 3,
            unit_price_fen=1000 + 700 * n,
        )
        for n in range(20)
    )
    return Basket(lines=lines, buyer=Buyer(level_id=1))


def _scope(n: int) -> Scope:
    return (
        ALL_GOODS,
        Products(frozenset({n % 20, n * 7 % 20, n * 11 % 20})),
        Categories(frozenset({n % 4})),
        Brands(frozenset({n % 5})),
    )[n % 4]


def two_hundred_offers() -> list[Offer]:
    """Return offers of every kind on every sort of scope."""
    offers: list[Offer] = []
    for n in range(50):
        steps = (Step(5000 + 100 * n, 500 + 20 * n), Step(20000, 3000 + n))
        offers += [
            MemberPrice(
                ref=f"会员{n}", label="会员价", level_ids=frozenset({1}), off_bp=100 + n, scope=_scope(n)
            ),
            PercentOff(
                ref=f"折{n}", label="折扣", off_bp=500 + n, scope=_scope(n), cap_fen=3000 if n % 2 else None
            ),
            Stepped(ref=f"满减{n}", label="满减", steps=steps, scope=_scope(n)),
            FreePostage(ref=f"包邮{n}", label="包邮", threshold_fen=1000 * n),
        ]
    return offers
