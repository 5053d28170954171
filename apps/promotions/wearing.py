"""What products wear of the offers that are shown: badges and countdowns, put in words once and then looked up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from django.utils import timezone
from rest_framework.utils.encoders import JSONEncoder

from apps.promotions import wording
from mall.pricing.hearing import Index
from mall.pricing.offers import FreePostage, FreightCoupon, Offer
from mall.pricing.scope import ALL_GOODS, Scope

T = TypeVar("T")


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


class Wear:
    """The badges and countdowns of these offers, in their order. A shop has hundreds, and a product wears a few.

    A page and a list show a product, which wears what any of its SKUs has. No statement.
    """

    def __init__(self, seen: Sequence[Shown]) -> None:
        worn = [(each, wording.badge(each.offer)) for each in seen]
        self._badges = _Rail([(each.offer, badge) for each, badge in worn if badge and not each.preheat])
        self._activities = _Rail([(each.offer, _activity(each, badge)) for each, badge in worn])

    def badges(self, product: Shelved) -> list[str]:
        """The product's badges, such as 「满100减15」, each once: those that count now."""
        return list(dict.fromkeys(self._badges.of(product)))

    def activities(self, product: Shelved) -> list[dict[str, Any]]:
        """What the product shows with a countdown, as plain values, preheats among them; times in the shop's zone."""
        return self._activities.of(product)


class _Rail(Generic[T]):
    """Things that hang in order, each with the goods that it is for."""

    def __init__(self, hung: Sequence[tuple[Offer, T]]) -> None:
        self._index = Index([_scope(offer) for offer, _ in hung])
        self._things = [thing for _, thing in hung]

    def of(self, product: Shelved) -> list[T]:
        places = self._index.of_product(
            product.product_id,
            sku_ids=product.sku_ids,
            category_ids=product.category_ids,
            brand_id=product.brand_id,
        )
        return [self._things[place] for place in sorted(places)]


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
    told: str = JSONEncoder().default(timezone.localtime(moment))
    return told


def _scope(offer: Offer) -> Scope:
    """The goods that an offer means; postage is about the whole order, so it means them all."""
    return ALL_GOODS if isinstance(offer, FreePostage | FreightCoupon) else offer.scope
