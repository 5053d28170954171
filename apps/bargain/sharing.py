"""What a run of a bargain looks like when it is sent to friends."""

from __future__ import annotations

from datetime import datetime

from apps.bargain import selectors as bargain_facts
from apps.bargain.states import RunStatus
from apps.shares.cards import Card


def run(said: int | str, *, member_id: int, at: datetime) -> Card:
    """A run, whoever opened it: the price on its poster is the floor, which does not fall, until it is bought or over.

    None while the campaign is paused.     Raises NotFound.
    """
    found = bargain_facts.run(str(said))
    product = found.bargain.sku.product
    card = Card(
        subject=found.bargain_no,
        title=found.bargain.title,
        query={"bargain_no": found.bargain_no},
        picture=product.cover.name or "",
        price_fen=found.floor_fen,
        price_label="底价",
        until=found.ends_at,
    )
    offered = found.status_at(at) == RunStatus.OPEN and found.bargain.offered_at(at)
    return card if offered else card.without_offer()
