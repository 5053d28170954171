"""Holds: rewards that wait for a look, with reasons; released or rejected by an operator, or by who judges abuse."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.base import audit
from apps.distribution.models import Commission
from apps.distribution.services import ledger, takebacks
from apps.distribution.services.takebacks import LIVING, Part
from mall import money
from mall.errors import Invalid, Kind, ShopError


class NothingToJudge(ShopError):
    """None of the commissions that were named can be held, released or rejected as they stand."""

    code = "commission_not_to_judge"
    message = "佣金状态已变化，请刷新后再操作"
    kind = Kind.CONFLICT


class ReasonMissing(Invalid):
    """Whoever holds or rejects a reward says why."""

    code = "reason_missing"
    message = "请填写原因"


@transaction.atomic
def hold(*, commission_ids: Sequence[int], reasons: Sequence[str], at: datetime) -> int:
    """Hold commissions for a look: they stay frozen until released. Return how many were not held and are now.

    Only what is not available yet can be held. ``reasons`` are sentences for operators. Raises ReasonMissing,
    NothingToJudge.
    """
    if not any(reason.strip() for reason in reasons):
        raise ReasonMissing
    rows = _locked_rows(commission_ids)
    ids = [row.pk for row in rows if row.status in LIVING and not row.held]
    if not ids:
        raise NothingToJudge
    return Commission.objects.filter(pk__in=ids).update(held=True, hold_reasons=list(reasons))


@transaction.atomic
def release(*, commission_ids: Sequence[int], operator: Any = None, at: datetime) -> int:
    """Let what was held go its way: the next sweep settles what is due. Return how many; an operator's is audited.

    Raises NothingToJudge.
    """
    rows = [row for row in _locked_rows(commission_ids) if row.held]
    if not rows:
        raise NothingToJudge
    Commission.objects.filter(pk__in=[row.pk for row in rows]).update(held=False)
    _audit(rows, "放行佣金", "", operator=operator, at=at)
    return len(rows)


@transaction.atomic
def reject(*, commission_ids: Sequence[int], reason: str, operator: Any = None, at: datetime) -> int:
    """Cancel what was held, with the reason that its promoter reads. Return how many.

    Raises ReasonMissing, NothingToJudge.
    """
    if not reason.strip():
        raise ReasonMissing
    rows = [row for row in _locked_rows(commission_ids) if row.held and row.status in LIVING]
    if not rows:
        raise NothingToJudge
    for row in rows:
        account = ledger.locked(promoter_id=row.promoter_id)
        part = Part(None, f"{row.business_key}:reject", 0, row.left_fen, reason.strip()[:100])
        takebacks.take(account, row, part, at=at)
    _audit(rows, "驳回佣金", reason.strip(), operator=operator, at=at)
    return len(rows)


def _locked_rows(commission_ids: Sequence[int]) -> list[Commission]:
    """These commissions, read under the locks of their accounts."""
    rows = Commission.objects.filter(pk__in=commission_ids, of__isnull=True)
    ledger.locked_many(promoter_ids=set(rows.values_list("promoter_id", flat=True)))
    return list(rows.select_related("promoter__member").order_by("id"))


def _audit(rows: Sequence[Commission], action: str, note: str, *, operator: Any, at: datetime) -> None:
    if operator is None:
        return
    for row in rows:
        said = f"{row.promoter.member.public_id} ¥{money.yuan(row.left_fen)} {note}".strip()
        audit.record(operator=operator, action=action, subject=row.order_no, note=said, at=at)
