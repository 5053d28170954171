"""How many of a product one order may hold, counted over all its SKUs: asked of every product at once."""

from __future__ import annotations

from collections.abc import Iterable

from apps.catalog.articles import Article
from apps.catalog.rules import Bounds, QuantityNotAllowed


def broken(wanted: Iterable[tuple[Article, int]]) -> dict[int, QuantityNotAllowed]:
    """The refusals by product id, of the products of which so many units cannot be ordered at once."""
    pieces: dict[Bounds, int] = {}
    for article, quantity in wanted:
        pieces[article.bounds] = pieces.get(article.bounds, 0) + quantity
    return {
        bounds.product_id: refusal
        for bounds, quantity in pieces.items()
        if (refusal := bounds.refusal(quantity)) is not None
    }
