"""Goods of the points mall: for points, and perhaps money beside; ordered by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
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
from apps.points import selectors as point_facts
from apps.points.models import PointsGood
from apps.points.services import NotEnoughPoints, RedeemedOut
from mall.pricing.offers import ActivityPrice
from mall.pricing.quote import Quote
from mall.pricing.scope import Skus

KIND: Final = "points_good"


class OrderedByItself(StandsAlone):
    """A points good is ordered by itself: no other goods, no coupon, no points deduction."""

    message = "积分商品须单独下单，不能与其他商品、优惠券或积分抵扣同时使用"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsGoodAdmission(Admission):
    """Units of one good, each for ``points`` and the money that ``price`` says."""

    points: int

    def finish(self, quote: Quote, *, member: Member, at: datetime) -> Quote:
        """The quote with the points that it takes besides its money. One query.

        Raises NotEnoughPoints, and ActivityNotFound where the good costs no less money than without points.
        """
        if self.price.ref not in {reduction.ref for reduction in quote.applied}:
            raise ActivityNotFound
        wanted = self.points * sum(item.quantity for item in quote.goods)
        balance = point_facts.balance_of(member, at=at)
        if wanted > balance:
            raise NotEnoughPoints(details={"wanted": wanted, "balance": balance})
        return replace(quote, points_used=wanted)


class PointsGoods(ActivityKind):
    """``{"kind": "points_good", "id": 3}``. They hang on the points mall's own shelf and wear no badge on others:
    the lowest price in money is no price without the points.
    """

    kind: ClassVar[str] = KIND
    label: ClassVar[str] = "积分兑换"
    paid_by_points: ClassVar[bool] = True

    def read(self, said: Mapping[str, Any]) -> Ticket:
        return Ticket(kind=KIND, id=row_id(said))

    def admit(self, ticket: Ticket, *, member: Member, wanted: Wanted, at: datetime) -> Admission:
        """The good and what it costs. One query. Raises ActivityNotFound, StandsAlone, RedeemedOut."""
        good = point_facts.shelf(at=at).filter(pk=ticket.id, kind=PointsGood.Kind.SKU).first()
        if good is None or good.sku_id is None:
            raise ActivityNotFound
        alone = [sku_id for sku_id, _ in wanted.items] == [good.sku_id]
        if not alone or wanted.asked & {Extra.COUPON, Extra.POINTS}:
            raise OrderedByItself
        left = None if good.quota is None else max(0, good.quota - good.redeemed)
        if left is not None and sum(quantity for _, quantity in wanted.items) > left:
            raise RedeemedOut(details={"available": left})
        return PointsGoodAdmission(
            ticket=ticket,
            title=good.title,
            price=ActivityPrice(
                ref=ticket.ref,
                label=f"积分兑换：每件 {good.points} 积分",
                prices_fen={good.sku_id: good.money_fen},
                scope=Skus(frozenset({good.sku_id})),
            ),
            combines=frozenset({Extra.BALANCE}),
            whole_price=False,
            points=good.points,
        )
