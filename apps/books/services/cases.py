"""Differences as cases: opened once, gone when both sides agree, explained by a person, asked about at WeChat."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, Final

import structlog
from django.db import transaction

from apps.base import transactions
from apps.books import selectors as book_facts
from apps.books.models import Bill, Case
from apps.books.selectors import Difference
from apps.books.states import ARRIVED, ASKABLE, CASE_LIFECYCLE, COMPARED_IN, BillKind, CaseKind, CaseStatus
from apps.checkout import asking
from apps.payments.services import console
from apps.wechat.pay import client
from mall.errors import Invalid, Kind, NotFound, ShopError

log = structlog.get_logger(__name__)

_PIECE: Final = 500
_LEAST_NOTE: Final = 4


class CaseNotFound(NotFound):
    """No such difference."""

    code = "case_not_found"
    message = "对账差异不存在"


class NothingArrived(ShopError):
    """The day has no bill yet that could be compared."""

    code = "bill_missing"
    message = "当日账单尚未下载"
    kind = Kind.CONFLICT


class NotAskable(ShopError):
    """WeChat cannot be asked about such a difference."""

    code = "case_not_askable"
    message = "此类差异无法向微信查询"
    kind = Kind.CONFLICT


class NoteTooShort(Invalid):
    """A difference is explained in words."""

    code = "note_too_short"
    message = "请写明原因（至少 4 个字）"


def reconcile(*, day: date, at: datetime) -> Sequence[Difference]:
    """Compare a day's bills with the shop, open and close cases accordingly, and return what differs and is not explained.

    Safe to repeat: a difference is one case. Raises NothingArrived.
    """
    with transaction.atomic():
        bills = list(
            Bill.objects.select_for_update(no_key=True).filter(day=day, status__in=ARRIVED).order_by("kind")
        )
        if not bills:
            raise NothingArrived
        found = list(book_facts.differences(day=day))
        _open(found, day=day, at=at)
        compared = [kind for bill in bills for kind in COMPARED_IN[BillKind(bill.kind)]]
        _close_what_agrees(found, compared=compared, day=day, at=at)
        Bill.objects.filter(pk__in=[bill.pk for bill in bills]).update(reconciled_at=at)
        explained = set(
            Case.objects.filter(day=day, status=CaseStatus.EXPLAINED).values_list("kind", "number")
        )
        left = [one for one in found if (one.kind, one.number) not in explained]
    if left:
        log.error("books_differ", count=len(left))
    return left


def reconcile_due(*, at: datetime) -> int:
    """Compare every day of which a bill arrived since it was compared last; return how many days."""
    waiting = sorted(
        {bill.day for bill in Bill.objects.filter(status__in=ARRIVED, reconciled_at__isnull=True)}
    )
    for day in waiting:
        reconcile(day=day, at=at)
    return len(waiting)


@transaction.atomic
def explain(*, case_id: int, note: str, operator: Any, at: datetime) -> Case:
    """Close a difference that is right as it is, with the reason. Raises CaseNotFound, NoteTooShort, MoveRefused."""
    if len(note) < _LEAST_NOTE:
        raise NoteTooShort
    case = _locked(case_id)
    case.note, case.operator = note, operator
    return _moved(case, "explain", at=at)


def ask_wechat(*, case_id: int, at: datetime) -> Case:
    """Ask WeChat about the number, carry out what it says as if it had notified, and compare the day again.

    Raises CaseNotFound, NotAskable, WechatRefused, WechatUnavailable, NothingArrived.
    """
    transactions.forbid("asking WeChat Pay")
    case = Case.objects.filter(pk=case_id).first()
    if case is None:
        raise CaseNotFound
    if case.kind not in ASKABLE or case.status != CaseStatus.OPEN:
        raise NotAskable
    if case.kind in {CaseKind.PAYMENT_UNHEARD, CaseKind.PAYMENT_MISSING}:
        asking.ask_about(payment_no=case.number, at=at)
    else:
        console.hear(result=client.query_refund(out_refund_no=case.number), at=at)
    reconcile(day=case.day, at=at)
    case.refresh_from_db()
    return case


def _open(found: Sequence[Difference], *, day: date, at: datetime) -> None:
    """A case for each difference that has none; one that had gone comes back. Many at once, in one order."""
    for first in range(0, len(found), _PIECE):
        piece = sorted(found[first : first + _PIECE], key=lambda one: (one.kind, one.number))
        Case.objects.bulk_create(
            [
                Case(
                    day=day,
                    kind=one.kind,
                    number=one.number,
                    wechat_fen=one.wechat_fen,
                    shop_fen=one.shop_fen,
                    evidence=one.evidence,
                    opened_at=at,
                )
                for one in piece
            ],
            ignore_conflicts=True,
        )
    numbers = {(one.kind, one.number) for one in found}
    for case in Case.objects.select_for_update().filter(day=day, status=CaseStatus.GONE).order_by("pk"):
        if (case.kind, case.number) in numbers:
            _moved(case, "return", at=at)


def _close_what_agrees(
    found: Sequence[Difference], *, compared: Collection[str], day: date, at: datetime
) -> None:
    """Only of the bills that are there: of the others nothing can be said."""
    numbers = {(one.kind, one.number) for one in found}
    open_ones = Case.objects.select_for_update().filter(day=day, status=CaseStatus.OPEN)
    for case in open_ones.filter(kind__in=compared).order_by("pk"):
        if (case.kind, case.number) not in numbers:
            _moved(case, "vanish", at=at)


def _moved(case: Case, move: str, *, at: datetime) -> Case:
    case.status = CASE_LIFECYCLE.target(move=move, current=case.status)
    case.closed_at = None if case.status == CaseStatus.OPEN else at
    case.save()
    return case


def _locked(case_id: int) -> Case:
    case = Case.objects.select_for_update().filter(pk=case_id).first()
    if case is None:
        raise CaseNotFound
    return case
