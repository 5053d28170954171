"""Points as a deduction at the counter: what pricing is offered, and how many points a quote takes."""

from __future__ import annotations

from datetime import datetime

from apps.members.models import Member
from apps.points import selectors as point_facts
from apps.points.models import Rules
from apps.points.services.booking import NotEnoughPoints
from mall.pricing import refs
from mall.pricing.offers import PointsDeduction
from mall.pricing.quote import Quote


def deduction_offer(*, member: Member, use_points: bool | int, at: datetime) -> PointsDeduction | None:
    """What the member's points may pay: so many of them, or with True as many as possible; two queries.

    None where no points are to be used, or the rules let none be used. Raises NotEnoughPoints for more than
    the member has.
    """
    rules = point_facts.rules()
    if not use_points or not rules.deduction_cap_bp:
        return None
    balance = point_facts.balance_of(member, at=at)
    if use_points is not True and use_points > balance:
        raise NotEnoughPoints(details={"wanted": use_points, "balance": balance})
    return offer_of(balance if use_points is True else use_points, rules=rules)


def offer_of(points: int, *, rules: Rules) -> PointsDeduction | None:
    """What so many points may pay under these rules; None where they let none be used."""
    if not rules.deduction_cap_bp:
        return None
    return PointsDeduction(
        ref=str(refs.points()),
        label="积分抵扣",
        available_points=points,
        points_per_yuan=rules.deduction_points_per_yuan,
        cap_bp=rules.deduction_cap_bp,
    )


def points_of(quote: Quote, offer: PointsDeduction | None) -> int:
    """How many points the order of this quote has to hold: 0 where none pay for it."""
    deducted = str(refs.points())
    paid_fen = sum(reduction.amount_fen for reduction in quote.applied if reduction.ref == deducted)
    return offer.points_for(paid_fen) if offer and paid_fen else 0
