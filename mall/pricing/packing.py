"""Adds what goods are packed in to a quote: a line at its own price, after every offer has been heard."""

from __future__ import annotations

from dataclasses import replace

from mall.pricing.quote import Item, Quote


def packed(quote: Quote, *, sku_id: int, title: str, price_fen: int) -> Quote:
    """The quote with one packing at ``price_fen`` (fen, not negative) as its last line.

    No offer took part in it: it helps over no threshold, and nothing is taken off it. The sums grow by its price; the
    freight stays. Raises ValueError for a negative price, and for a SKU that is one of the goods.
    """
    if any(item.sku_id == sku_id for item in quote.items):
        raise ValueError(f"SKU {sku_id} is bought and wraps the same order")
    line = Item(
        sku_id=sku_id,
        title=title,
        quantity=1,
        unit_price_fen=price_fen,
        list_fen=price_fen,
        reductions=(),
        payable_fen=price_fen,
        is_packing=True,
    )
    return replace(
        quote,
        items=(*quote.items, line),
        goods_fen=quote.goods_fen + price_fen,
        payable_fen=quote.payable_fen + price_fen,
    )
