"""Bargains: one unit at the price that friends have cut it to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final

from apps.bargain import selectors as bargain_facts
from apps.bargain import services as bargains
from apps.bargain.states import RunStatus
from apps.campaigns import admission
from apps.campaigns import selectors as campaign_facts
from apps.campaigns import services as campaigns
from apps.checkout.activities.campaign import CampaignKind
from apps.checkout.activities.kind import (
    ActivityInvalid,
    ActivityNotFound,
    Admission,
    Extra,
    StandsAlone,
    Ticket,
    Wanted,
)
from apps.members.models import Member
from apps.orders.models import Order
from mall.errors import Kind, NotFound, ShopError
from mall.pricing.offers import ActivityPrice
from mall.pricing.scope import Skus

KIND: Final = bargains.KIND
_NUMBER: Final = re.compile(r"[0-9A-Z]{1,32}")


class NotAtFloor(ShopError):
    """This bargain is bought at its floor only; ``details``: ``price_fen``, ``floor_fen``."""

    code = "bargain_not_at_floor"
    message = "砍到底价后才能购买"
    kind = Kind.CONFLICT


class Bargains(CampaignKind):
    """``{"kind": "bargain", "id": "BG261128…"}``: the member's own run."""

    kind: ClassVar[str] = KIND
    label: ClassVar[str] = bargains.LABEL

    described: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "id": {"type": "string", "description": "The `bargain_no`."}
    }

    def read(self, said: Mapping[str, Any]) -> Ticket:
        found = said.get("id")
        if not isinstance(found, str):
            raise ActivityInvalid(details={"activity": ["砍价编号应为文字"]})
        if not _NUMBER.fullmatch(found):
            raise ActivityNotFound
        return Ticket(kind=KIND, id=found)

    def admit(self, ticket: Ticket, *, member: Member, wanted: Wanted, at: datetime) -> Admission:
        """The run at its price of this moment: two statements.

        Raises ActivityNotFound, StandsAlone, NotStarted, Ended, Closed, NotAtFloor, SoldOut.
        """
        try:
            run = bargain_facts.run(str(ticket.id))
        except NotFound:
            raise ActivityNotFound from None
        if run.member_id != member.pk:
            raise ActivityNotFound
        if wanted.items != ((run.bargain.sku_id, 1),):
            raise StandsAlone("砍价商品须单独下单，每次 1 件")
        status = run.status_at(at)
        if status == RunStatus.LAPSED:
            raise admission.Ended("砍价已超过截止时间")
        if status == RunStatus.BOUGHT:
            raise bargains.Closed("该砍价已下单", details={"order_no": run.order_no})
        admission.check_open(run.bargain, at=at)
        if not run.bargain.buy_at_any_price and not run.at_floor:
            raise NotAtFloor(details={"price_fen": run.price_fen, "floor_fen": run.floor_fen})
        key = str(run.bargain_id)
        if campaign_facts.left(kind=KIND, keys=[key]).get(key) == 0:
            raise campaigns.SoldOut
        return Admission(
            ticket=ticket,
            title=run.bargain.title,
            price=ActivityPrice(
                ref=ticket.ref,
                label="砍价",
                prices_fen={run.bargain.sku_id: run.price_fen},
                scope=Skus(frozenset({run.bargain.sku_id})),
            ),
            combines=frozenset(map(Extra, run.bargain.combines)),
            more={"bargain_id": run.bargain_id, "price_fen": run.price_fen},
        )


def price_fen_of(order: Order) -> int:
    """The price that the run had when the order was priced, whatever other price the order has."""
    return int(order.activity["price_fen"]) if order.activity else 0
