"""What a packet looks like when its buyer sends it to friends."""

from __future__ import annotations

from datetime import datetime

from apps.packets import selectors as packet_facts
from apps.shares.cards import Card


def packet(said: int | str, *, member_id: int, at: datetime) -> Card:
    """A packet of the member's own, until it is over. Raises PacketNotFound, also for somebody else's."""
    found = packet_facts.packet(str(said))
    if found.member_id != member_id:
        raise packet_facts.PacketNotFound
    return Card(
        subject=found.packet_no,
        title=found.rule.title,
        query={"packet_no": found.packet_no},
        until=found.ends_at,
    )
