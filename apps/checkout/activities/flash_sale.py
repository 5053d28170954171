"""Flash sales: a good of a session at its price, while there are any."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from apps.checkout.activities.campaign import CampaignKind
from apps.checkout.activities.kind import (
    Admission,
    Extra,
    StandsAlone,
    Ticket,
    Wanted,
    row_id,
)
from apps.flashsale import selectors as flash_facts
from apps.flashsale import services as flashsale
from apps.members.models import Member
from mall.errors import ShopError
from mall.pricing.offers import ActivityPrice
from mall.pricing.scope import Skus


class FlashSales(CampaignKind):
    """``{"kind": "flash_sale", "id": 3}``: the id of the good."""

    kind: ClassVar[str] = flash_facts.KIND
    label: ClassVar[str] = "秒杀"

    def read(self, said: Mapping[str, Any]) -> Ticket:
        return Ticket(kind=self.kind, id=row_id(said))

    def admit(self, ticket: Ticket, *, member: Member, wanted: Wanted, at: datetime) -> Admission:
        """The good at its price. One statement; none where it was just seen to be sold out.

        Raises ActivityNotFound, StandsAlone, and what ``flashsale.admit`` refuses.
        """
        _, known = flash_facts.find(int(ticket.id), at=at)
        if not _stands_alone(wanted.items, known.sku_id):
            raise StandsAlone
        units = sum(quantity for _, quantity in wanted.items)
        session, good = flashsale.admit(good_id=known.id, member=member, units=units, at=at)
        return Admission(
            ticket=ticket,
            title=session.title,
            price=ActivityPrice(
                ref=ticket.ref,
                label="秒杀价",
                prices_fen={good.sku_id: good.price_fen},
                scope=Skus(frozenset({good.sku_id})),
            ),
            combines=frozenset(map(Extra, session.combines)),
        )

    def in_a_rush(self, ticket: Ticket | None = None) -> bool:
        """While the gate is shut for the good, or for any, as this process saw it."""
        return flashsale.may_be_shut(good_id=None if ticket is None else int(ticket.id))

    def shut_out(
        self, ticket: Ticket, *, items: tuple[tuple[int, int], ...], member_id: int, at: datetime
    ) -> ShopError | None:
        """Sold out, by the gate."""
        refusal = flashsale.refused_at_the_gate(good_id=int(ticket.id), member_id=member_id, at=at)
        if refusal is None:
            return None
        _, known = flash_facts.find(int(ticket.id), at=at)
        return refusal if _stands_alone(items, known.sku_id) else None


def _stands_alone(items: tuple[tuple[int, int], ...], sku_id: int) -> bool:
    """Whether nothing else is wanted beside the good."""
    return [wanted for wanted, _ in items] == [sku_id]
