"""Differences as cases: opened once, gone when both sides agree, explained by a person, asked about at WeChat."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from typing import Any, Final

import structlog
from django.db import connection, transaction

from apps.base import transactions
from apps.books import case_selectors as case_facts
from apps.books import selectors as book_facts
from apps.books.models import Bill, Case
from apps.books.selectors import Difference
from apps.books.states import (
    ARRIVED,
    ASKABLE,
    CASE_LIFECYCLE,
    COMPARED_IN,
    SETTLED,
    BillKind,
    CaseKind,
    CaseStatus,
)
from apps.checkout import asking
from apps.payments.services import console
from apps.wechat.pay import client
from mall.errors import Invalid, Kind, NotFound, ShopError

log = structlog.get_logger(__name__)

_LEAST_NOTE: Final = 4


# A case for each difference that has none, in one order, so that two at once do not wait for each other.
_OPEN: Final = f"""
INSERT INTO books_case (day, kind, number, wechat_fen, shop_fen, evidence, status, opened_at, note)
SELECT DISTINCT ON (kind, number) %(day)s, kind, number, wechat_fen, shop_fen, evidence, %(opened)s, %(at)s, ''
  FROM {book_facts.FOUND} ORDER BY kind, number
    ON CONFLICT DO NOTHING
"""  # noqa: S608 -- names of our own
# One that had gone comes back; one that was found before, of a bill that is there, and not now, is gone.
_RETURN: Final = f"""
UPDATE books_case AS known SET status = %(returned)s, closed_at = NULL, operator_id = NULL
 WHERE known.day = %(day)s AND known.status = %(gone)s
   AND EXISTS (SELECT FROM {book_facts.FOUND} AS found WHERE found.kind = known.kind AND found.number = known.number)
"""  # noqa: S608 -- as above
_VANISH: Final = f"""
UPDATE books_case AS known SET status = %(vanished)s, closed_at = %(at)s
 WHERE known.day = %(day)s AND known.status = %(opened)s AND known.kind = ANY(%(compared)s)
   AND NOT EXISTS (SELECT FROM {book_facts.FOUND} AS found WHERE found.kind = known.kind AND found.number = known.number)
"""  # noqa: S608 -- as above
_UNEXPLAINED: Final = f"""
{book_facts.FOUND} AS found
 WHERE NOT EXISTS (SELECT FROM books_case AS known WHERE known.kind = found.kind AND known.number = found.number
                      AND known.day = %(day)s AND known.status = ANY(%(settled)s))
"""
_COUNT: Final = f"SELECT count(*) FROM {_UNEXPLAINED}"  # noqa: S608 -- as above
_TELL: Final = (
    f"SELECT kind, number, wechat_fen, shop_fen, evidence FROM {_UNEXPLAINED} ORDER BY kind, number"  # noqa: S608 -- as above
)


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


class RemedyWaits(ShopError):
    """A refund or booking was asked for, and its second person has not answered."""

    code = "remedy_waits"
    message = "已有处理申请等待复核"
    kind = Kind.CONFLICT


def reconcile(*, day: date, at: datetime, tell: Callable[[Difference], None] | None = None) -> int:
    """Compare a day's bills with the shop, open and close cases accordingly; return how many differ and nobody dealt with.

    ``tell`` hears of each of them, one after the other. Safe to repeat: a difference is one case. Whatever the bills say,
    the rows stay in the database: a million differences take no more memory than none. Raises NothingArrived.
    """
    with transactions.patient():
        bills = list(
            Bill.objects.select_for_update(no_key=True).filter(day=day, status__in=ARRIVED).order_by("kind")
        )
        if not bills:
            raise NothingArrived
        with connection.cursor() as cursor:
            book_facts.find_differences(cursor, day=day)
            told = _moves(
                day=day, compared=[kind for bill in bills for kind in COMPARED_IN[BillKind(bill.kind)]], at=at
            )
            for statement in (_OPEN, _RETURN, _VANISH):
                cursor.execute(statement, told)
            cursor.execute(_COUNT, told)
            (left,) = cursor.fetchone()
        Bill.objects.filter(pk__in=[bill.pk for bill in bills]).update(reconciled_at=at)
        if tell is not None:
            _tell(tell, told)
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE {book_facts.FOUND}")
    if left:
        log.error("books_differ", count=left)
    return int(left)


def _moves(*, day: date, compared: Collection[str], at: datetime) -> dict[str, Any]:
    """What the statements are told: statuses come out of the lifecycle alone."""
    opened, gone = CASE_LIFECYCLE.initial, CaseStatus.GONE
    return {
        "day": day,
        "at": at,
        "compared": sorted(compared),
        "opened": str(opened),
        "gone": str(gone),
        "returned": str(CASE_LIFECYCLE.target(move="return", current=gone)),
        "vanished": str(CASE_LIFECYCLE.target(move="vanish", current=opened)),
        "settled": sorted(str(status) for status in SETTLED),
    }


def _tell(tell: Callable[[Difference], None], told: Mapping[str, Any]) -> None:
    with connection.chunked_cursor() as cursor:
        cursor.execute(_TELL, told)
        for kind, *rest in cursor:
            tell(Difference(CaseKind(kind), *rest))


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
    """Close a difference that is right as it is, with the reason.

    Raises CaseNotFound, NoteTooShort, MoveRefused, and RemedyWaits while a refund or booking waits for its second person.
    """
    if len(note) < _LEAST_NOTE:
        raise NoteTooShort
    case = locked(case_id)
    if case_facts.waiting(case) is not None:
        raise RemedyWaits
    case.note, case.operator = note, operator
    return moved(case, "explain", at=at)


def ask_wechat(*, case_id: int, operator: Any, at: datetime) -> Case:
    """Ask WeChat about the number, carry out what it says as if it had notified, and compare the day again.

    Where both sides agree then, the case names who asked as the one who dealt with it.
    Raises CaseNotFound, NotAskable, WechatRefused, WechatUnavailable, NothingArrived.
    """
    transactions.forbid("asking WeChat Pay")
    case = found(case_id)
    if case.kind not in ASKABLE or case.status != CaseStatus.OPEN:
        raise NotAskable
    if case.kind in {CaseKind.PAYMENT_UNHEARD, CaseKind.PAYMENT_MISSING}:
        asking.ask_about(payment_no=case.number, at=at)
    else:
        console.hear(result=client.query_refund(out_refund_no=case.number), at=at)
    reconcile(day=case.day, at=at)
    Case.objects.filter(pk=case.pk, status=CaseStatus.GONE, operator=None).update(operator=operator)
    case.refresh_from_db()
    return case


def moved(case: Case, move: str, *, at: datetime) -> Case:
    """Move a locked difference, and save it. Raises MoveRefused."""
    case.status = CASE_LIFECYCLE.target(move=move, current=case.status)
    case.closed_at = None if case.status == CaseStatus.OPEN else at
    case.save()
    return case


def found(case_id: int) -> Case:
    """The difference. Raises CaseNotFound."""
    case = Case.objects.filter(pk=case_id).first()
    if case is None:
        raise CaseNotFound
    return case


def locked(case_id: int) -> Case:
    """The difference, locked. Raises CaseNotFound."""
    case = Case.objects.select_for_update().filter(pk=case_id).first()
    if case is None:
        raise CaseNotFound
    return case
