"""What shoppers of the demo shop like, and what somebody waits for."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from apps.carts.models import Favorite, StockWish
from apps.carts.services import favorites, stock_wishes
from apps.catalog.models import Product
from apps.demo import levels
from apps.inventory import selectors as stock_facts

# The shoppers whom the demo shop writes messages to.
_FIRST: Final = 61
_NAMES: Final = ("苏云卿", "程望舒", "叶知秋")
_LIKES: Final = 3


def fill(*, at: datetime) -> None:
    """Three shoppers with favourites; the first of them waits for something that is scarce."""
    if Favorite.objects.exists() or StockWish.objects.exists():
        return
    liked = list(Product.objects.filter(on_sale=True).order_by("id")[: _LIKES + len(_NAMES)])
    friends = [levels.shopper(name, number=number, at=at) for number, name in enumerate(_NAMES, start=_FIRST)]
    for turn, friend in enumerate(friends):
        for product in liked[turn : turn + _LIKES]:
            favorites.add(member=friend, product=product, at=at)
    for sku in stock_facts.scarce_skus().order_by("id")[:1]:
        stock_wishes.ask(member=friends[0], sku_id=sku.pk, at=at)
