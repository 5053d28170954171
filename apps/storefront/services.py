"""How the shop introduces itself: the one row that says it."""

from __future__ import annotations

from apps.base import judging
from apps.storefront.models import Shop
from mall.errors import Faulty


class ShopRefused(Faulty):
    """A shop without a name, or with words that are too long."""

    code = "shop_refused"


def save(shop: Shop) -> Shop:
    """Save what the shop says of itself: there is one. Raises ShopRefused."""
    shop.pk = 1
    judging.refuse(ShopRefused, shop, exclude={"id"})
    shop.save()
    return shop
