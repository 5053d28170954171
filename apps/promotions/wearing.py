"""What products wear of the offers that are shown: badges and countdowns, put in words once and then looked up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from apps.base import days
from apps.promotions import wording
from mall.pricing.hearing import Index
from mall.pricing.offers import FreePostage, FreightCoupon, Offer
from mall.pricing.scope import ALL_GOODS, Scope


class Shelved(NamedTuple):
    """What a badge depends on: a product with its brand, its categories up to the root, and its SKUs."""

    product_id: int
    category_ids: frozenset[int]
    brand_id: int | None
    sku_ids: frozenset[int] = frozenset()


class Shown(NamedTuple):
    """An offer as shoppers see it coming: ``preheat`` while it is shown and does not count yet."""

    offer: Offer
    kind: str
    starts_at: datetime
    ends_at: datetime
    preheat: bool


class Worn(NamedTuple):
    """What a product shows of offers: the badges of those that count now, such as 「满100减15」, each once, and all with a
    countdown, as plain values, preheats among them; times in the shop's zone."""

    badges: list[str]
    activities: list[dict[str, Any]]


class Wear:
    """The badges and countdowns of these offers, in their order. A shop has hundreds, and a product wears a few.

    A page and a list show a product, which wears what any of its SKUs has. No statement.
    """

    def __init__(self, seen: Sequence[Shown]) -> None:
        words = [wording.badge(each.offer) for each in seen]
        self._index = Index([_scope(each.offer) for each in seen])
        self._badges = ["" if each.preheat else badge for each, badge in zip(seen, words, strict=True)]
        self._activities = [_activity(each, badge) for each, badge in zip(seen, words, strict=True)]

    def of(self, product: Shelved) -> Worn:
        """What the product wears."""
        places = sorted(
            self._index.of_product(
                product.product_id,
                sku_ids=product.sku_ids,
                category_ids=product.category_ids,
                brand_id=product.brand_id,
            )
        )
        badges = dict.fromkeys([self._badges[place] for place in places])
        badges.pop("", None)
        return Worn(list(badges), [self._activities[place] for place in places])


def _activity(shown: Shown, badge: str) -> dict[str, Any]:
    return {
        "ref": shown.offer.ref,
        "label": badge or shown.offer.label,
        "kind": shown.kind,
        "starts_at": _told(shown.starts_at),
        "ends_at": _told(shown.ends_at),
        "preheat": shown.preheat,
    }


def _told(moment: datetime) -> str:
    """As every other answer tells a moment."""
    return days.told(moment)


def _scope(offer: Offer) -> Scope:
    """The goods that an offer means; postage is about the whole order, so it means them all."""
    return ALL_GOODS if isinstance(offer, FreePostage | FreightCoupon) else offer.scope
