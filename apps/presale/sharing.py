"""What a pre-sale looks like when it is sent to friends."""

from __future__ import annotations

from datetime import datetime

from apps.presale import selectors as presale_facts
from apps.shares.cards import Card


def presale(said: int | str, *, member_id: int, at: datetime) -> Card:
    """A pre-sale that shoppers are told of, at its lowest price, while it can be ordered or soon will. Raises NotFound.

    The price is that of its badge: what a unit comes to in all (到手价) where the deposit is worth more than it costs.
    """
    row = presale_facts.told(presale_id=int(said), at=at)
    goods = list(row.goods.all())
    cheapest = min(goods, key=lambda good: good.price_fen)
    card = Card(
        subject=str(row.pk),
        title=row.title,
        query={"id": str(row.pk)},
        picture=cheapest.sku.product.cover.name or "",
        price_fen=cheapest.price_fen - row.growth_fen,
        price_label="预售到手价" if row.growth_fen else "预售价",
        until=row.ends_at,
    )
    return card if row.offered_at(at) else card.without_offer()
