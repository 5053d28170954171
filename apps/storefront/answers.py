"""Carts as shoppers are answered: plain values, made at once. ``cart_serializers`` describe them, and a test compares."""

from __future__ import annotations

from typing import Any

from apps.checkout import baskets, hints
from apps.pictures import stored
from apps.storefront.cart import Cart, CartLine


def cart(shown: Cart) -> dict[str, Any]:
    """A cart in the contract's form."""
    return {
        "items": [_line(line) for line in shown.lines],
        "selected_count": shown.selected_count,
        "quote": quote(shown),
    }


def quote(shown: Cart) -> dict[str, Any] | None:
    """The quote of what is ticked in a cart and can be ordered, None without any."""
    if shown.quote is None:
        return None
    return hints.quote_json(
        shown.quote, {line.article.sku_id: baskets.shown(line.article) for line in shown.lines}
    )


def _line(line: CartLine) -> dict[str, Any]:
    article = line.article
    return {
        "id": line.item.pk,
        "sku_id": article.sku_id,
        "product_id": article.product_id,
        "quantity": line.item.quantity,
        "selected": line.item.selected,
        "title": article.title,
        "image_url": stored.address(article.image, stored.Size.LIST),
        "option_text": article.option_text,
        "unit_price_fen": line.unit_price_fen,
        "available": line.available,
        "valid": line.valid,
        "notice": line.notice,
    }
