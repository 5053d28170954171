"""Holds: rewards that wait for a look, with reasons; released or rejected by an operator, or by who judges abuse."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.base import audit
from apps.base.outcomes import Outcome
from apps.distribution.models import Account, Commission
from apps.distribution.services import ledger, takebacks, verdicts
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
def hold(*, commission_ids: Collection[int], reasons: Sequence[str]) -> int:
    """Hold commissions for a look: they stay frozen until released. Return how many were not held and are now.

    Only what is not available yet can be held. ``reasons`` are sentences for operators. Raises ReasonMissing,
    NothingToJudge.
    """
    if not any(reason.strip() for reason in reasons):
        raise ReasonMissing
    _, rows = _locked_rows(commission_ids)
    ids = [row.pk for row in rows if row.status in LIVING and not row.held]
    if not ids:
        raise NothingToJudge
    return Commission.objects.filter(pk__in=ids).update(held=True, hold_reasons=list(reasons))


@transaction.atomic
def release(*, commission_ids: Collection[int], operator: Any = None, at: datetime) -> int:
    """Let what was held go its way: the next sweep settles what is due. Return how many; an operator's is audited.

    Looks of risk that waited for it wait no more. Raises NothingToJudge.
    """
    rows = let_go(commission_ids)
    if not rows:
        raise NothingToJudge
    verdicts.settle(rows, move="release", operator=operator, note="在佣金页放行", at=at)
    _audit(rows, "放行佣金", "", operator=operator, at=at)
    return len(rows)


@transaction.atomic
def reject(*, commission_ids: Collection[int], reason: str, operator: Any = None, at: datetime) -> int:
    """Cancel what was held, with the reason that its promoter reads. Return how many; looks of risk wait no more.

    Raises ReasonMissing, NothingToJudge.
    """
    if not reason.strip():
        raise ReasonMissing
    rows = cancel(commission_ids, reason=reason.strip(), at=at)
    if not rows:
        raise NothingToJudge
    verdicts.settle(rows, move="reject", operator=operator, note=reason.strip(), at=at)
    _audit(rows, "驳回佣金", reason.strip(), operator=operator, at=at)
    return len(rows)


def release_each(*, commission_ids: Collection[int], operator: Any, at: datetime) -> Outcome:
    """``release``, each by itself: what cannot be released is told, and the others are all the same."""
    return _each(commission_ids, lambda pk: release(commission_ids=[pk], operator=operator, at=at))


def reject_each(*, commission_ids: Collection[int], reason: str, operator: Any, at: datetime) -> Outcome:
    """``reject``, each by itself: what cannot be rejected is told, and the others are all the same. Raises ReasonMissing."""
    if not reason.strip():
        raise ReasonMissing
    return _each(
        commission_ids,
        lambda pk: reject(commission_ids=[pk], reason=reason, operator=operator, at=at),
    )


def _each(commission_ids: Collection[int], act: Callable[[int], int]) -> Outcome:
    done, refused = 0, []
    rows = Commission.objects.filter(pk__in=commission_ids).order_by("pk")
    for pk, order_no, amount_fen in rows.values_list("pk", "order_no", "amount_fen"):
        try:
            done += act(pk)
        except ShopError as refusal:
            refused.append(f"订单 {order_no} {money.priced(amount_fen)}：{refusal.text}")
    return Outcome(done, refused)


@transaction.atomic
def let_go(commission_ids: Collection[int]) -> list[Commission]:
    """Hold these no more, and return those that were held."""
    _, found = _locked_rows(commission_ids)
    rows = [row for row in found if row.held]
    Commission.objects.filter(pk__in=[row.pk for row in rows]).update(held=False)
    return rows


@transaction.atomic
def cancel(commission_ids: Collection[int], *, reason: str, at: datetime) -> list[Commission]:
    """Take what is left of these back, and return those that were held and not available yet."""
    accounts, found = _locked_rows(commission_ids)
    rows = [row for row in found if row.held and row.status in LIVING]
    for row in rows:
        part = Part(None, f"{row.business_key}:reject", 0, row.left_fen, reason[:100])
        takebacks.take(accounts[row.promoter_id], row, part, at=at)
    return rows


def _locked_rows(commission_ids: Collection[int]) -> tuple[dict[int, Account], list[Commission]]:
    """These commissions, read under the locks of their accounts, and those."""
    rows = Commission.objects.filter(pk__in=commission_ids, of__isnull=True)
    accounts = ledger.locked_many(promoter_ids=set(rows.values_list("promoter_id", flat=True)))
    return accounts, list(rows.select_related("promoter__member").order_by("id"))


def _audit(rows: Sequence[Commission], action: str, note: str, *, operator: Any, at: datetime) -> None:
    if operator is None:
        return
    for row in rows:
        said = f"{row.promoter.member.public_id} {money.priced(row.amount_fen)} {note}".strip()
        audit.record(operator=operator, action=action, subject=row.order_no, note=said, at=at)
