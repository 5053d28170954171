"""What a promoter looks like who shares themselves: the shop, with their name on it."""

from __future__ import annotations

from datetime import datetime

from apps.distribution.models import Promoter
from apps.distribution.states import MYSELF, PromoterStatus
from apps.shares.cards import Card
from mall import text as texts
from mall.errors import NotFound


def myself(said: int | str, *, member_id: int, at: datetime) -> Card:
    """The promoter who asks, under the id ``me``. Raises NotFound for any other id, and for who promotes nothing now."""
    promoter = Promoter.objects.select_related("member").filter(
        member_id=member_id, status=PromoterStatus.ACTIVE
    )
    found = promoter.first()
    if found is None or said != MYSELF:
        raise NotFound
    return Card(subject=MYSELF, title=f"{texts.masked(found.member.nickname)}邀请您来逛逛", query={})
