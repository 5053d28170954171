"""What operators see of refunds: what one would do before it is done, and how those that were done stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Case, F, IntegerField, Model, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Concat

from apps.aftersales import planning, proposing
from apps.aftersales.planning import Plan, Standing, Wish
from apps.aftersales.proposing import Ask
from apps.coupons import selectors as coupon_facts
from apps.coupons.models import Coupon
from apps.coupons.states import CouponStatus
from apps.members.models import Member
from apps.orders import selectors as order_facts
from apps.orders.states import Status
from apps.payments.models import Refund
from apps.payments.states import RefundStatus
from apps.points import services as points
from mall.pricing import refs

Row = TypeVar("Row", bound=Model)

_MOST_URGENT_FIRST = (
    RefundStatus.FAILED,
    RefundStatus.AT_SHOP,
    RefundStatus.CLOSED,
    RefundStatus.WRITTEN_BACK,
    RefundStatus.REQUESTED,
    RefundStatus.PROCESSING,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A refund before it is carried out: its figures, its points, its gift coupons, and where the order then stands."""

    plan: Plan
    points: points.Returned
    gifts_revoked: Sequence[Coupon]
    gifts_spent: Sequence[Coupon]
    becomes: Status


def preview(standing: Standing, wish: Wish) -> Preview:
    """What ``services.refund`` would do now; changes nothing, at most six queries. Raises what ``plan`` raises."""
    plan = planning.plan(standing, wish)
    order = plan.order
    returned = points.Returned(0, 0, 0, 0)
    if plan.part_fen:
        returned = points.due_for_refund(
            order_no=order.order_no,
            member_id=order.member_id,
            part_fen=plan.part_fen,
            whole_fen=plan.whole_fen,
            paid_fen=plan.paid_fen,
        )
    kept_fen = None if plan.ends else plan.kept_fen
    gifts = list(
        coupon_facts.gifts_lost(order_no=order.order_no, kept_fen=kept_fen)
        .filter(recalled_at=None)
        .select_related("template")
        .order_by("id")
    )
    return Preview(
        plan=plan,
        points=returned,
        gifts_revoked=[gift for gift in gifts if gift.status == CouponStatus.AVAILABLE],
        gifts_spent=[gift for gift in gifts if gift.status in {CouponStatus.HELD, CouponStatus.USED}],
        becomes=_becomes(standing, plan),
    )


def asked_preview(*, member: Member, order_no: str, ask: Ask, at: datetime) -> dict[str, Any]:
    """What an application would give back, in the contract's form; nothing is stored.

    Raises NotFound for another's order, and what ``proposing.propose`` refuses.
    """
    order = order_facts.of_member(member=member, order_no=order_no)
    proposal = proposing.propose(planning.standing_of(order), ask, at=at)
    plan = proposal.plan
    back = 0
    if plan is not None and plan.part_fen:
        back = points.due_for_refund(
            order_no=order_no, member_id=member.pk, part_fen=plan.part_fen, whole_fen=plan.whole_fen
        ).back
    used = [row for row in order.applied if refs.coupon_id(row["ref"])]
    return {
        "amount_fen": proposal.amount_fen,
        "goods_fen": proposal.goods_fen,
        "freight_fen": proposal.freight_fen,
        "lines": [
            {"line_id": part.line.pk, "quantity": part.quantity, "amount_fen": part.amount_fen}
            for part in proposal.parts
        ],
        "points_back": back,
        "coupons_back": len(used) if plan is not None and plan.undone else 0,
    }


def with_money(rows: QuerySet[Row], *, number: str = "refund_no") -> QuerySet[Row]:
    """These rows with ``money_status`` and ``money_id`` of what WeChat was asked for; None where it has no part.

    ``number`` leads from a row to the number of its refund; the rows are refunds, if nothing is said.

    Where WeChat closed that for good and an operator asked anew, it is the successor. Where several payments give a
    part, it is the part that needs somebody most.
    """
    anew = Refund.objects.filter(business_key=Concat(Value("after:"), OuterRef("refund_no")))
    asked = (
        Refund.objects.filter(business_key=Concat(Value(order_facts.refund_cause("")), OuterRef(number)))
        .annotate(
            now_status=Coalesce(Subquery(anew.values("status")[:1]), F("status")),
            now_id=Coalesce(Subquery(anew.values("pk")[:1]), F("pk")),
        )
        .order_by(_urgency("now_status"), "part")
    )
    found: Any = rows.annotate(
        money_status=Subquery(asked.values("now_status")[:1]), money_id=Subquery(asked.values("now_id")[:1])
    )
    return found


def _urgency(column: str) -> Case:
    """How soon somebody has to look at a refund: the lowest first."""
    return Case(
        *(When(**{column: status}, then=rank) for rank, status in enumerate(_MOST_URGENT_FIRST)),
        default=len(_MOST_URGENT_FIRST),
        output_field=IntegerField(),
    )


def _becomes(standing: Standing, plan: Plan) -> Status:
    if plan.ends:
        return Status.REFUNDED
    unsent = sum(part.unsent for part in plan.lines)
    if plan.order.status == Status.PAID and unsent and unsent == sum(standing.to_send.values()):
        return Status.SHIPPED
    return Status(plan.order.status)
