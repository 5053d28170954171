"""Activities that a choice may name: goods of the points mall, for points and perhaps money beside."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from apps.base.inputs import MAX_BIGINT
from apps.members.models import Member
from apps.points import deduction
from apps.points import selectors as points
from apps.points.models import PointsGood
from apps.points.services import NotEnoughPoints
from mall.errors import Invalid, Kind, ShopError
from mall.pricing.offers import ActivityPrice
from mall.pricing.quote import Quote
from mall.pricing.scope import Skus

POINTS_GOOD: Final = "points_good"
_REF: Final = re.compile(r"points_good:([0-9]+)")


class ActivityNotFound(ShopError):
    """There is no such activity, or it is over."""

    code = "activity_not_found"
    message = "活动不存在或已结束"
    kind = Kind.NOT_FOUND


class StandsAlone(Invalid):
    """A points good is ordered by itself: no other goods, no coupon, no points deduction."""

    code = "activity_stands_alone"
    message = "积分商品须单独下单，不能与其他商品、优惠券或积分抵扣同时使用"


def points_good(
    activity: Mapping[str, Any], *, sku_ids: Sequence[int], extras: bool, at: datetime
) -> PointsGood:
    """The good that ``{"kind": "points_good", "id": …}`` names, with the SKUs of the choice being its own.

    ``extras`` says that a coupon or points were named besides. One query. Raises ActivityNotFound, StandsAlone.
    """
    good_id = activity.get("id")
    if activity.get("kind") != POINTS_GOOD or isinstance(good_id, bool) or not isinstance(good_id, int):
        raise ActivityNotFound
    if not 1 <= good_id <= MAX_BIGINT:
        raise ActivityNotFound
    good = points.shelf(at=at).filter(pk=good_id, kind=PointsGood.Kind.SKU).first()
    if good is None:
        raise ActivityNotFound
    if list(sku_ids) != [good.sku_id] or extras:
        raise StandsAlone
    return good


def price_of(good: PointsGood) -> ActivityPrice:
    """What a unit costs in money, as an offer; the rest of its price is what the points pay."""
    if good.sku_id is None:
        raise ActivityNotFound
    return ActivityPrice(
        ref=f"{POINTS_GOOD}:{good.pk}",
        label=f"积分兑换：每件 {good.points} 积分",
        prices_fen={good.sku_id: good.money_fen},
        scope=Skus(frozenset({good.sku_id})),
    )


def with_points(quote: Quote, good: PointsGood, *, member: Member, at: datetime) -> Quote:
    """The quote with the points that it takes besides its money. One query.

    Raises NotEnoughPoints, and ActivityNotFound where the good costs no less money than without points.
    """
    if good_id_of([reduction.as_dict() for reduction in quote.applied]) != good.pk:
        raise ActivityNotFound
    wanted = good.points * sum(item.quantity for item in quote.items)
    balance = points.balance_of(member, at=at)
    if wanted > balance:
        raise NotEnoughPoints(details={"wanted": wanted, "balance": balance})
    return replace(quote, points_used=wanted)


def paid_by_points_fen(reductions: Sequence[Mapping[str, Any]]) -> int:
    """The part of an order's or line's reductions that points pay: as a deduction, or for a points good."""
    return sum(
        reduction["amount_fen"]
        for reduction in reductions
        if reduction["ref"] == deduction.REF or _REF.fullmatch(reduction["ref"])
    )


def good_id_of(applied: Sequence[Mapping[str, Any]]) -> int | None:
    """The points good among the reductions of an order or quote, None for most."""
    found = (_REF.fullmatch(reduction["ref"]) for reduction in applied)
    return next((int(match[1]) for match in found if match), None)
