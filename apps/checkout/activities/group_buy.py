"""Group-buys: a price that several reach together; a paid order waits until its group is formed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal

from apps.campaigns import selectors as campaign_facts
from apps.campaigns.admission import Ended, check_open
from apps.campaigns.services import LimitReached, SoldOut
from apps.campaigns.states import Approval
from apps.checkout.activities.campaign import CampaignKind
from apps.checkout.activities.kind import (
    NUMBERED,
    REFUNDABLE,
    ActivityInvalid,
    ActivityNotFound,
    Admission,
    Extra,
    StandsAlone,
    Ticket,
    Wanted,
    row_id,
)
from apps.groupbuy import selectors as group_facts
from apps.groupbuy import services as groupbuy
from apps.groupbuy import terms as group_terms
from apps.groupbuy.models import Group, GroupBuy
from apps.groupbuy.states import KIND
from apps.groupbuy.terms import Terms
from apps.members.models import Member
from apps.orders import selectors as order_facts
from apps.orders.models import Order
from apps.orders.states import Status
from mall.errors import NotFound, ShopError
from mall.pricing.offers import ActivityPrice
from mall.pricing.scope import Skus


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTicket(Ticket):
    """A group-buy, and the group that is to be joined; without one the payer opens a group."""

    group_no: str | None = None


class GroupBuys(CampaignKind):
    """``{"kind": "group_buy", "id": 3, "group_no": "PT…"}``."""

    kind: ClassVar[str] = KIND
    label: ClassVar[str] = groupbuy.LABEL
    waits_in: ClassVar[frozenset[Status]] = frozenset({Status.GATHERING})
    refundable: ClassVar[frozenset[Status]] = REFUNDABLE | {Status.GATHERING}
    # The last minute of a group is its best: friends are called for it.
    payable_to_the_end: ClassVar[bool] = True

    described: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        **NUMBERED,
        "group_no": {
            "type": "string",
            "nullable": True,
            "description": "The group to join; without it a new one.",
        },
    }

    def read(self, said: Mapping[str, Any]) -> Ticket:
        group_no = said.get("group_no")
        if group_no is not None and not isinstance(group_no, str):
            raise ActivityInvalid(details={"activity": ["团号应为文字"]})
        # Said and empty is not left out: nobody opens a group who meant to join one.
        return GroupTicket(kind=KIND, id=row_id(said), group_no=group_no)

    def admit(self, ticket: Ticket, *, member: Member, wanted: Wanted, at: datetime) -> Admission:
        """The price that is reached with this member: three statements, four to join, one more for newcomers' groups.

        Raises NotStarted, Ended, ActivityNotFound, StandsAlone, SoldOut, LimitReached, GroupFull, GroupClosed,
        GroupJoinedAlready, GroupNewcomersOnly.
        """
        campaign = group_facts.with_prices().filter(pk=ticket.id).first()
        if campaign is None or campaign.approval == Approval.DRAFT:
            raise ActivityNotFound
        group_no = ticket.group_no if isinstance(ticket, GroupTicket) else None
        if group_no is None:
            terms = self._to_open(campaign, at=at)
            _require_goods(wanted, terms)
            step = terms.opening_step(sku_id for sku_id, _ in wanted.items)
            prices_fen = terms.opening_fen()
        else:
            terms, people = self._to_join(campaign, group_no, member, wanted, at=at)
            _require_goods(wanted, terms)
            step = terms.reached(people)
            prices_fen = terms.prices_fen(people=people)
        _require_room(campaign, member, wanted)
        return Admission(
            ticket=ticket,
            title=campaign.title,
            price=ActivityPrice(
                ref=ticket.ref,
                label=f"{group_terms.called(step)}价",
                prices_fen=prices_fen,
                scope=Skus(frozenset(prices_fen)),
            ),
            combines=frozenset(map(Extra, campaign.combines)),
            more={"group_no": group_no} if group_no is not None else {},
        )

    def when_paid(self, order: Order) -> Literal["pay", "gather"]:
        """Always: with the last member its holder forms the group, and this order with it."""
        return "gather"

    def why_not_payable(self, order: Order, *, at: datetime) -> ShopError | None:
        """The group is over, or full without this order's seat; whoever opens one finds a place always."""
        joins = (order.activity or {}).get("group_no") is not None
        return groupbuy.no_place(order_id=order.pk, at=at) if joins else None

    def _to_open(self, campaign: GroupBuy, *, at: datetime) -> Terms:
        try:
            check_open(campaign, at=at)
        except NotFound:
            raise ActivityNotFound from None
        return group_facts.terms_of(campaign)

    def _to_join(
        self, campaign: GroupBuy, group_no: str, member: Member, wanted: Wanted, *, at: datetime
    ) -> tuple[Terms, int]:
        """The group's terms, and how many are in it with this member.

        One may join until the group's end, also after the campaign's; not while that is paused.
        """
        group: Group = group_facts.group_of(group_buy_id=campaign.pk, group_no=group_no)
        if campaign.approval == Approval.PAUSED:
            raise Ended("活动已暂停")
        if refusal := groupbuy.refusal_of(group, member_id=member.pk, at=at):
            raise refusal
        if campaign.newcomers_only and (
            known_by := order_facts.known_by(member=member, address=wanted.address)
        ):
            raise groupbuy.GroupNewcomersOnly(details={"reason": known_by})
        return Terms.read(group.kept_terms), group.joined + 1


def _require_goods(wanted: Wanted, terms: Terms) -> None:
    """The choice has goods of the activity and nothing else."""
    if not wanted.items or not {sku_id for sku_id, _ in wanted.items} <= set(terms.ladders):
        raise StandsAlone


def _require_room(campaign: GroupBuy, member: Member, wanted: Wanted) -> None:
    """Refuse cheaply what ``hold`` would refuse: one statement."""
    units = sum(quantity for _, quantity in wanted.items)
    room = campaign_facts.room_for(member_id=member.pk, kind=KIND, key=str(campaign.pk))
    limit = campaign.limit_per_member
    if limit is not None and room.used + units > limit:
        raise LimitReached(details={"limit": limit, "used": room.used})
    if room.left is not None and units > room.left:
        raise SoldOut(details={"left": max(0, room.left)})
