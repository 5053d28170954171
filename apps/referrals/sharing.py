"""What a referral campaign looks like when it is sent to friends."""

from __future__ import annotations

from datetime import datetime

from apps.referrals import selectors as referral_facts
from apps.referrals.states import KIND
from apps.shares.cards import Card
from mall.errors import NotFound


def referral(said: int | str, *, member_id: int, at: datetime) -> Card:
    """A campaign that runs or is announced. Raises NotFound."""
    found = referral_facts.on_offer(at=at).filter(pk=int(said)).first()
    if found is None:
        raise NotFound
    return Card(
        subject=str(found.pk), title=found.title, query={f"{KIND}_id": str(found.pk)}, until=found.ends_at
    )
