"""What a product looks like when it is shared."""

from __future__ import annotations

from datetime import datetime

from apps.catalog import selectors as catalog_facts
from apps.shares.cards import Card
from mall.errors import NotFound


def product(said: int | str, *, member_id: int, at: datetime) -> Card:
    """A product that can be bought now, at the lowest price of its SKUs. Raises NotFound."""
    found = catalog_facts.on_sale(product_id=int(said), at=at)
    if found is None:
        raise NotFound
    return Card(
        subject=str(found.pk),
        title=found.title,
        query={"id": str(found.pk)},
        picture=found.cover.name or "",
        price_fen=found.price_fen,
    )
