"""Judging held rewards: a person lets them go or refuses them, one or many, and the audit log has who and why."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.base import audit
from apps.risk import board
from apps.risk.models import Look
from apps.risk.states import LIFECYCLE, Verdict
from mall.errors import Invalid, Kind, ShopError


class NothingToJudge(ShopError):
    """None of the rewards waits for anybody."""

    code = "look_not_held"
    message = "所选奖励已核实过，无需再处理"
    kind = Kind.CONFLICT


class ReasonMissing(Invalid):
    """Whoever refuses a reward says why."""

    code = "reason_missing"
    message = "请填写原因"


def release(*, look_ids: Collection[int], operator: Any, note: str = "", at: datetime) -> int:
    """Let held rewards go, all of these or none; return how many. Raises NothingToJudge, and what their rooms refuse."""
    return _judge("release", look_ids, operator=operator, note=note, at=at)


def reject(*, look_ids: Collection[int], reason: str, operator: Any, at: datetime) -> int:
    """Refuse held rewards, all of these or none; return how many. Raises ReasonMissing, NothingToJudge."""
    if not reason.strip():
        raise ReasonMissing
    return _judge("reject", look_ids, operator=operator, note=reason.strip(), at=at)


@transaction.atomic
def _judge(move: str, look_ids: Collection[int], *, operator: Any, note: str, at: datetime) -> int:
    locked = Look.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=look_ids)
    rows = [row for row in locked.order_by("id") if row.verdict == Verdict.HELD]
    if not rows:
        raise NothingToJudge
    for row in rows:
        kind = board.kind_of(row.kind)
        decide = kind.release() if move == "release" else kind.reject()
        decide(row, reason=note, operator=operator, at=at)
        row.verdict = LIFECYCLE.target(move=move, current=row.verdict)
        row.judged_at, row.judged_by, row.note = at, operator, note[:100]
        row.save(update_fields=["verdict", "judged_at", "judged_by", "note"])
        action = "放行奖励" if move == "release" else "驳回奖励"
        audit.record(operator=operator, action=action, subject=f"{kind.label} {row.title}", note=note, at=at)
    return len(rows)
