"""Goods that were won by inviting friends: for nothing, ordered by themselves; postage as for every order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final

from apps.checkout.activities.kind import (
    ActivityKind,
    ActivityNotFound,
    Admission,
    Extra,
    StandsAlone,
    Ticket,
    Wanted,
    row_id,
)
from apps.members.models import Member
from apps.referrals import selectors as referral_facts
from apps.referrals import services as referrals
from apps.referrals.states import PRIZE, PRIZE_LABEL
from mall.errors import NotFound
from mall.pricing.offers import ActivityPrice
from mall.pricing.scope import Skus

KIND: Final = PRIZE


class ReferralPrizes(ActivityKind):
    """``{"kind": "referral_prize", "id": 12}``: a reward of one's own. It is no offer to others and wears no badge."""

    kind: ClassVar[str] = KIND
    label: ClassVar[str] = PRIZE_LABEL

    def read(self, said: Mapping[str, Any]) -> Ticket:
        return Ticket(kind=KIND, id=row_id(said))

    def admit(self, ticket: Ticket, *, member: Member, wanted: Wanted, at: datetime) -> Admission:
        """The goods for nothing: one statement.

        Raises ActivityNotFound, StandsAlone, PrizeOrdered, PrizeNotGiven, PrizeExpired. Stored value may pay the postage;
        the price floor says nothing, for the shop decided to give it away.
        """
        try:
            row = referral_facts.prize_of(reward_id=int(ticket.id), member_id=member.pk)
        except NotFound:
            raise ActivityNotFound from None
        referrals.prizes.check(row, at=at)
        sku_id, units = row.sku_id or 0, row.units or 0
        if wanted.items != ((sku_id, units),):
            raise StandsAlone(f"奖品须单独下单，每次 {units} 件")
        return Admission(
            ticket=ticket,
            title=row.referral.title,
            price=ActivityPrice(
                ref=ticket.ref, label=PRIZE_LABEL, prices_fen={sku_id: 0}, scope=Skus(frozenset({sku_id}))
            ),
            combines=frozenset({Extra.BALANCE}),
            whole_price=False,
        )
