"""How many of a product one order may hold, counted over all its SKUs: asked of every product at once."""

from __future__ import annotations

from collections.abc import Iterable

from apps.catalog import rules
from apps.catalog.models import Product, Sku
from apps.catalog.rules import QuantityNotAllowed


def broken(wanted: Iterable[tuple[Sku, int]]) -> dict[int, QuantityNotAllowed]:
    """The refusals by product id, of the products of which so many units cannot be ordered at once."""
    products: dict[int, Product] = {}
    pieces: dict[int, int] = {}
    for sku, quantity in wanted:
        products[sku.product_id] = sku.product
        pieces[sku.product_id] = pieces.get(sku.product_id, 0) + quantity
    refusals: dict[int, QuantityNotAllowed] = {}
    for product_id, product in products.items():
        try:
            rules.check_quantity(product, pieces[product_id])
        except QuantityNotAllowed as refusal:
            refusals[product_id] = refusal
    return refusals
