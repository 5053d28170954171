"""What risk does about news: it notes by what members can be told to be one person."""

from __future__ import annotations

from datetime import datetime

from apps.risk import services as risk
from apps.risk.states import Trait
from mall import events


def note_on_member_registered(event: events.MemberRegistered, *, at: datetime) -> None:
    """Note the network by which somebody registered, as the digest that the news bears."""
    if event.origin:
        risk.note(member_id=event.member_id, traits=[(Trait.NETWORK, event.origin)], at=at)


def note_on_order_paid(event: events.OrderPaid, *, at: datetime) -> None:
    """Note where the order goes and by whose phone."""
    risk.refresh(member_ids=[event.member_id], at=at)
