"""What a good of a flash sale looks like when it is shared."""

from __future__ import annotations

from datetime import datetime

from apps.campaigns.states import State
from apps.flashsale import selectors as flash_facts
from apps.shares.cards import Card
from mall.errors import NotFound


def good(said: int | str, *, member_id: int, at: datetime) -> Card:
    """A good of a session that is announced or runs, and not of a paused or stopped one. Raises NotFound."""
    session, found = flash_facts.find(int(said), at=at)
    offered = found.on_sale and not found.withdrawn and session.state_at(at) != State.ENDED
    if not offered or not session.shown_at(at=at):
        raise NotFound
    return Card(
        subject=str(found.id),
        title=found.title,
        query={"id": str(found.id)},
        picture=found.cover,
        price_fen=found.price_fen,
        price_label="秒杀价",
        until=session.ends_at,
    )
