"""Commissions before the eye of risk: an order's are held where its buyer looks like its promoter."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from apps.distribution.models import Commission
from apps.distribution.services import holds, takebacks, verdicts
from apps.risk import services as risk
from apps.risk.models import Look
from apps.risk.states import Verdict
from mall.money import priced


@transaction.atomic
def look(*, order_no: str, at: datetime) -> int:
    """Look once at what an order earns for each promoter, and hold what should be seen; return how many rows are held.

    Before it can become available: the order is never held, and what is not held goes its way.
    """
    rows = Commission.objects.filter(order_no=order_no, of__isnull=True, status__in=takebacks.LIVING)
    by_promoter: dict[int, list[Commission]] = {}
    for row in rows.select_related("promoter").order_by("id"):
        by_promoter.setdefault(row.promoter_id, []).append(row)
    if not by_promoter:
        return 0
    # All of them at once: who looks at another order of theirs meanwhile takes their traces in the same order.
    people = {row.buyer_id for rows in by_promoter.values() for row in rows}
    people |= {rows[0].promoter.member_id for rows in by_promoter.values()}
    if len(by_promoter) > 1:
        risk.refresh(member_ids=people, at=at)
    held = 0
    for mine in by_promoter.values():
        if mine[0].held:
            continue
        found = risk.look(
            kind=verdicts.KIND,
            subject=order_no,
            title=f"订单 {order_no} 的佣金 {priced(sum(row.left_fen for row in mine))}",
            member_id=mine[0].promoter.member_id,
            other_id=mine[0].buyer_id,
            at=at,
        )
        if found.verdict == Verdict.HELD:
            reasons = [reason.text for reason in found.reasons.all() if reason.weight]
            held += holds.hold(commission_ids=[row.pk for row in mine], reasons=reasons)
    return held


def release_held(look: Look, *, reason: str, operator: Any, at: datetime) -> bool:
    """Let what is still held of an order's commissions go their way (the board of risk)."""
    return bool(holds.let_go(_held(look)))


def reject_held(look: Look, *, reason: str, operator: Any, at: datetime) -> bool:
    """Cancel what is still held of an order's commissions (the board of risk)."""
    return bool(holds.cancel(_held(look), reason=reason, at=at))


def _held(look: Look) -> list[int]:
    """The held commissions that a look is about: an order's, of one promoter."""
    mine = Commission.objects.filter(order_no=look.subject, promoter__member_id=look.member_id, held=True)
    return list(mine.values_list("pk", flat=True))
