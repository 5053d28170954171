"""What favourites and wishes say on the page of a product: how many members like it, and wait for its SKUs."""

from __future__ import annotations

from typing import Final

from django.utils.safestring import SafeString

from apps.base.admin import with_way
from apps.base.parts import Fact, Part
from apps.carts import selectors as cart_facts
from apps.catalog.models import Product


def _liked(product: Product) -> SafeString | str:
    liked = cart_facts.favorites_count(product_id=product.pk)
    return with_way(f"{liked} 人", "carts_favorite", product__id__exact=product.pk) if liked else "—"


def _awaited(product: Product) -> SafeString | str:
    """The SKUs that members wait for, by code."""
    waiting = cart_facts.waiting_of_product(product_id=product.pk)
    told = "，".join(f"{code} {members} 人" for code, members in waiting)
    return with_way(told, "carts_stockwish", sku__product__id__exact=product.pk) if told else "—"


WANTED: Final = Part(
    room="carts",
    facts=[
        Fact(name="liked", label="收藏", under="会员关注", needs="carts.view_favorite", shown=_liked),
        Fact(
            name="awaited", label="等待到货", under="会员关注", needs="carts.view_stockwish", shown=_awaited
        ),
    ],
)
