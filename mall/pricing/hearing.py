"""Which offers a basket hears of: all that mean any of its goods, and a few of the others, which can only say so.

An offer on other goods changes no price. A shop may have hundreds of those, and each would stand in every quote, and in
every order for ever, with the same sentence.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import nsmallest
from typing import Final

from mall.pricing.basket import Basket
from mall.pricing.offers import FreePostage, FreightCoupon, Offer

# So many offers on other goods are told: enough for a shopper to see that a promotion is not for these.
MOST_ELSEWHERE: Final = 20


def heard(basket: Basket, offers: Iterable[Offer], *, most_elsewhere: int = MOST_ELSEWHERE) -> list[Offer]:
    """The offers that the basket is priced with: what it costs is the same as with all of them.

    Of those that mean none of its goods the first ``most_elsewhere`` are kept, lane by lane and then by ref.
    """
    near: list[Offer] = []
    elsewhere: list[Offer] = []
    for offer in offers:
        means_any = isinstance(offer, FreePostage | FreightCoupon) or any(
            map(offer.scope.covers, basket.lines)
        )
        (near if means_any else elsewhere).append(offer)
    return near + nsmallest(most_elsewhere, elsewhere, key=lambda offer: (offer.lane, offer.ref))
