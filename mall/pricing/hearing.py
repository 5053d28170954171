"""Which offers a basket hears of: all that mean any of its goods, and a few of the others, which can only say so.

An offer on other goods changes no price. A shop may have hundreds of those, and each would stand in every quote, and in
every order for ever, with the same sentence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from heapq import nsmallest
from typing import Final

from mall.pricing.basket import Basket, Line
from mall.pricing.offers import Offer
from mall.pricing.scope import AllGoods, Brands, Categories, Products, Scope, Skus

# So many offers on other goods are told: enough for a shopper to see that a promotion is not for these.
MOST_ELSEWHERE: Final = 20


def heard(basket: Basket, offers: Iterable[Offer], *, most_elsewhere: int = MOST_ELSEWHERE) -> list[Offer]:
    """The offers that the basket is priced with: what it costs is the same as with all of them.

    Of those that mean none of its goods the first ``most_elsewhere`` are kept, lane by lane and then by ref.
    """
    near: list[Offer] = []
    elsewhere: list[Offer] = []
    for offer in offers:
        means_any = is_for_all(offer) or any(map(offer.scope.covers, basket.lines))
        (near if means_any else elsewhere).append(offer)
    return near + nsmallest(most_elsewhere, elsewhere, key=order)


def is_for_all(offer: Offer) -> bool:
    """Whether an offer means whatever is bought, as all on the freight do."""
    return isinstance(offer.scope, AllGoods)


def order(offer: Offer) -> tuple[int, str]:
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
        self._named: Mapping[type, Mapping[int, Sequence[int]]] = {
            kind: dict(ids) for kind, ids in named.items()
        }

    def meaning(self, lines: Iterable[Line]) -> set[int]:
        """The places of the scopes that cover any of the lines."""
        found = set(self._everywhere)
        by = {kind: self._named.get(kind, {}) for kind in (Products, Skus, Categories, Brands)}
        for line in lines:
            found.update(by[Products].get(line.product_id, ()), by[Skus].get(line.sku_id, ()))
            if line.brand_id is not None:
                found.update(by[Brands].get(line.brand_id, ()))
            for category_id in line.category_ids if by[Categories] else ():
                found.update(by[Categories].get(category_id, ()))
        return found
