"""Which offers a basket hears of: all that mean any of its goods, and a few of the others, which can only say so.

An offer on other goods changes no price. A shop may have hundreds of those, and each would stand in every quote, and in
every order for ever, with the same sentence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from heapq import nsmallest
from typing import Final, NamedTuple

from mall.pricing import lanes
from mall.pricing.basket import Basket, Buyer, Line
from mall.pricing.offers import Lane, Offer
from mall.pricing.offers.terms import GoodsTerms
from mall.pricing.quote import Declined
from mall.pricing.scope import AllGoods, Brands, Categories, Products, Scope, Skus

# So many offers on other goods are told: enough for a shopper to see that a promotion is not for these.
MOST_ELSEWHERE: Final = 20


class Stranger(NamedTuple):
    """An offer that means none of the goods: it can only say so, and is not asked anything else (``stranger``)."""

    lane: Lane
    ref: str
    offer: Offer
    answer: Declined
    # Where the offer denies itself to some buyers, and is to be asked first.
    asks: GoodsTerms | None

    def declined_to(self, buyer: Buyer) -> Declined:
        """What this buyer is told."""
        denied = self.asks.denies(buyer) if self.asks else None
        return lanes.declined(self.offer, denied) if denied else self.answer


Heard = Offer | Stranger


def stranger(offer: Offer) -> Stranger:
    """An offer as whoever buys other goods hears of it; made once for all of them."""
    judges = isinstance(offer, GoodsTerms) and type(offer).denies is not GoodsTerms.denies
    asks = offer if judges and isinstance(offer, GoodsTerms) else None
    return Stranger(offer.lane, offer.ref, offer, lanes.declined(offer, lanes.ELSEWHERE), asks)


def heard(basket: Basket, offers: Iterable[Heard], *, most_elsewhere: int = MOST_ELSEWHERE) -> list[Heard]:
    """The offers that the basket is priced with: what it costs is the same as with all of them.

    Of those that mean none of its goods, all strangers among them, the first ``most_elsewhere`` are kept, lane by lane and
    then by ref.
    """
    near: list[Heard] = []
    elsewhere: list[Heard] = []
    for offer in offers:
        (near if _means_any(offer, basket) else elsewhere).append(offer)
    return near + nsmallest(most_elsewhere, elsewhere, key=order)


def _means_any(offer: Heard, basket: Basket) -> bool:
    if isinstance(offer, Stranger):
        return False
    return is_for_all(offer) or any(map(offer.scope.covers, basket.lines))


def is_for_all(offer: Offer) -> bool:
    """Whether an offer means whatever is bought, as all on the freight do."""
    return isinstance(offer.scope, AllGoods)


def order(offer: Heard) -> tuple[int, str]:
    """The order in which offers on other goods are told: lane by lane and then by ref."""
    return offer.lane, offer.ref


class Index:
    """Of many scopes, which mean any of some lines: told by looking up the lines, not by asking each scope.

    The scopes are known by their places in the sequence that it is made of.
    """

    def __init__(self, scopes: Sequence[Scope]) -> None:
        named: dict[type, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        everywhere = []
        for place, scope in enumerate(scopes):
            if isinstance(scope, AllGoods):
                everywhere.append(place)
            else:
                for each in scope.ids:
                    named[type(scope)][each].append(place)
        self._everywhere = frozenset(everywhere)
        self._products, self._skus, self._categories, self._brands = (
            dict(named[kind]) for kind in (Products, Skus, Categories, Brands)
        )

    def meaning(self, lines: Iterable[Line]) -> set[int]:
        """The places of the scopes that cover any of the lines."""
        found = set(self._everywhere)
        for line in lines:
            self._add(found, line.product_id, (line.sku_id,), line.category_ids, line.brand_id)
        return found

    def of_product(
        self, product_id: int, *, sku_ids: Iterable[int], category_ids: Iterable[int], brand_id: int | None
    ) -> set[int]:
        """The places of the scopes that mean the product, or any of these of its SKUs."""
        found = set(self._everywhere)
        self._add(found, product_id, sku_ids, category_ids, brand_id)
        return found

    def _add(
        self,
        found: set[int],
        product_id: int,
        sku_ids: Iterable[int],
        category_ids: Iterable[int],
        brand_id: int | None,
    ) -> None:
        """Add the places of the scopes that name a product, its brand, or any of these SKUs and categories."""
        found.update(self._products.get(product_id, ()))
        if self._brands and brand_id is not None:
            found.update(self._brands.get(brand_id, ()))
        for sku_id in sku_ids if self._skus else ():
            found.update(self._skus.get(sku_id, ()))
        for category_id in category_ids if self._categories else ():
            found.update(self._categories.get(category_id, ()))
