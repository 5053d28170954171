"""Worst cases: how cheap a promotion alone can make each of its goods. Pure; the engine does the pricing.

For each SKU a basket is built that makes the most of the offer: 满减 reached to the fen, N for M filled up with the
dearest, the second piece beside a dearer first. What the SKU is paid with there is its worst case.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from mall import money
from mall.pricing import engine
from mall.pricing.basket import Basket, Line
from mall.pricing.offers import (
    Basis,
    Bundle,
    FreePostage,
    FreightCoupon,
    Gift,
    GoodsOffer,
    NForM,
    Offer,
    SecondHalf,
    Stepped,
)
from mall.pricing.scope import ALL_GOODS

# What fills a basket up beside the SKU in question; no SKU has this id.
_COMPANY = 0


def unit_prices_fen(
    offer: Offer, wares: Sequence[Line], *, gift_costs_fen: Mapping[int, int] | None = None
) -> dict[int, int]:
    """The least that a unit of each ware may be paid with, by SKU id, in fen.

    ``wares`` are one unit of each SKU at its list price; those that the offer does not mean are left out. A
    gift is weighed by what it costs us, ``gift_costs_fen`` by SKU id, shared by the goods that earn it.
    """
    if isinstance(offer, FreePostage | FreightCoupon):
        return {}
    meant = [ware for ware in wares if offer.scope.covers(ware)]
    if isinstance(offer, Bundle):
        return _in_bundle(offer, meant)
    if isinstance(offer, Gift):
        return {ware.sku_id: _beside_gifts(offer, ware, gift_costs_fen or {}) for ware in meant}
    # Company is of no SKU that an offer on SKUs could name; in these baskets stands nothing that is not meant.
    offer = replace(offer, scope=ALL_GOODS)
    return {
        ware.sku_id: min(_unit_fen(offer, basket, ware) for basket in _baskets(offer, ware, meant))
        for ware in meant
    }


def _unit_fen(offer: GoodsOffer, lines: tuple[Line, ...], ware: Line) -> int:
    """What the cheapest unit of the ware is paid with in this basket."""
    priced = engine.quote(Basket(lines=lines), [offer])
    item = next(item for item in priced.items if item.sku_id == ware.sku_id)
    return money.split_units(item.payable_fen, item.quantity)[-1]


def _baskets(offer: GoodsOffer, ware: Line, meant: Sequence[Line]) -> Iterator[tuple[Line, ...]]:
    """The baskets that make the most of an offer for this ware."""
    dearest_fen = max(other.unit_price_fen for other in meant)
    cheapest_fen = min(other.unit_price_fen for other in meant)
    yield (ware,)
    match offer:
        case Stepped(basis=Basis.AMOUNT):
            for step in offer.steps:
                yield _with_company(ware, price_fen=step.at_least - ware.unit_price_fen)
        case Stepped():
            for step in offer.steps:
                yield _with_company(ware, price_fen=cheapest_fen, pieces=step.at_least - 1)
        case NForM():
            yield _with_company(ware, price_fen=dearest_fen, pieces=offer.pieces - 1)
        case SecondHalf(same_sku=True):
            yield (replace(ware, quantity=2),)
        case SecondHalf():
            # Of a pair at the same price the later line is the cheaper one.
            yield (*_with_company(ware, price_fen=dearest_fen)[:0:-1], ware)


def _with_company(ware: Line, *, price_fen: int, pieces: int = 1) -> tuple[Line, ...]:
    """The ware with so many pieces at a price beside it, of the same sort, so that every scope means them."""
    if pieces < 1 or price_fen < 1:
        return (ware,)
    return ware, replace(ware, sku_id=_COMPANY, unit_price_fen=price_fen, quantity=pieces)


def _in_bundle(offer: Bundle, meant: Iterable[Line]) -> dict[int, int]:
    """What each part is paid with in one bundle; nothing where a part is missing from the wares."""
    wares = {ware.sku_id: ware for ware in meant}
    if any(item.sku_id not in wares for item in offer.items):
        return {}
    lines = tuple(replace(wares[item.sku_id], quantity=item.quantity) for item in offer.items)
    return {ware.sku_id: _unit_fen(offer, lines, ware) for ware in lines}


def _beside_gifts(offer: Gift, ware: Line, costs_fen: Mapping[int, int]) -> int:
    """What is left of the ware's price once it carries its share of what the gifts cost."""
    left_fen = ware.unit_price_fen
    for step in offer.steps:
        cost_fen = sum(costs_fen.get(gift.sku_id, 0) * gift.quantity for gift in step.gifts)
        threshold_fen = step.at_least * (ware.unit_price_fen if offer.basis is Basis.PIECES else 1)
        company_fen = max(0, threshold_fen - ware.unit_price_fen)
        bounded_fen = min(cost_fen, ware.unit_price_fen + company_fen)
        share_fen, _ = (
            money.allocate(bounded_fen, [ware.unit_price_fen, company_fen]) if bounded_fen else (0, 0)
        )
        left_fen = min(left_fen, ware.unit_price_fen - share_fen)
    return left_fen
