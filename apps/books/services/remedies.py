"""What is done about the money of a difference: given back where it came from, or booked, by two people."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import structlog
from django.db import transaction

from apps.aftersales import application_selectors as application_facts
from apps.base import audit, transactions
from apps.books import case_selectors as case_facts
from apps.books.models import Case, Remedy
from apps.books.services import cases
from apps.books.states import CASE_LIFECYCLE, RemedyWay
from apps.payments import services as payments
from apps.payments.services import endings, giving_back, strays
from apps.wechat.pay import client
from apps.wechat.pay.client import Transaction
from mall.errors import Invalid, Kind, ShopError

log = structlog.get_logger(__name__)

_LEAST_REASON: Final = 4
_LONGEST_NUMBER: Final = 32
_MOVE_OF: Final = {
    RemedyWay.REFUND: "give_back",
    RemedyWay.BOOK: "book",
    RemedyWay.UNBOOK: "unbook",
}


class RemedyReasonMissing(Invalid):
    """Whoever looks at it later must see why."""

    code = "remedy_reason_missing"
    message = f"请写明原因（至少 {_LEAST_REASON} 个字）"


class NotReturnable(ShopError):
    """Only a payment that WeChat has and that is none of ours goes back this way."""

    code = "case_not_returnable"
    message = "只有商城没有支付单的收款可以原路退款"
    kind = Kind.CONFLICT


class NotAsBilled(ShopError):
    """WeChat says something else of the payment than its bill did."""

    code = "payment_not_as_billed"
    message = "向微信查询到的收款与账单不一致，未退款，请在商户平台核对"
    kind = Kind.CONFLICT


class ReturnedElsewhere(ShopError):
    """WeChat has refunds of the payment of which no bill has told yet: nobody knows how much is left."""

    code = "payment_returned_elsewhere"
    message = "微信显示这笔收款已有退款，但账单中尚未列出，请等次日账单或在商户平台核对"
    kind = Kind.CONFLICT


class NotBookable(ShopError):
    """Nothing of such a difference can be booked, or it stands where it belongs."""

    code = "case_not_bookable"
    message = "此差异没有可入账的金额"
    kind = Kind.CONFLICT


class AccountUnfit(Invalid):
    """Not one of the accounts that fit such a difference."""

    code = "account_unfit"
    message = "此差异不能记入该科目"


class RemedyGone(ShopError):
    """Nothing waits for an answer (any more)."""

    code = "remedy_gone"
    message = "没有等待复核的处理申请"
    kind = Kind.CONFLICT


class RemedyStale(ShopError):
    """The difference has become another since it was asked for."""

    code = "remedy_stale"
    message = "申请后差异金额已变化，请驳回后重新申请"
    kind = Kind.CONFLICT


@transaction.atomic
def ask_refund(*, case_id: int, amount_fen: int, reason: str, operator: Any, at: datetime) -> Remedy:
    """Ask that a payment which is none of ours goes back, in whole or in part; nothing moves before another agrees.

    Raises CaseNotFound, RemedyReasonMissing, MoveRefused, RemedyWaits, NotReturnable, RefundTooMuch.
    """
    case = _open_to(case_id, RemedyWay.REFUND, reason)
    _require_left(case, amount_fen=amount_fen)
    return _asked(
        case, RemedyWay.REFUND, amount_fen=amount_fen, reason=reason, takes_two=True, operator=operator, at=at
    )


@transaction.atomic
def ask_booking(*, case_id: int, account: str, reason: str, operator: Any, at: datetime) -> Remedy:
    """Have the difference stand on an account: at once, above 双人复核起点 only when another person agrees.

    Raises CaseNotFound, RemedyReasonMissing, MoveRefused, RemedyWaits, NotBookable, AccountUnfit.
    """
    case = _open_to(case_id, RemedyWay.BOOK, reason)
    found = case_facts.bookable(case)
    if found is None or case_facts.booked(case) is not None:
        raise NotBookable
    if account not in found.accounts:
        raise AccountUnfit
    return _asked(
        case,
        RemedyWay.BOOK,
        amount_fen=found.amount_fen,
        base=found.base,
        account=account,
        reason=reason,
        takes_two=needs_two(found.amount_fen),
        operator=operator,
        at=at,
    )


@transaction.atomic
def ask_unbooking(*, case_id: int, reason: str, operator: Any, at: datetime) -> Remedy:
    """Take a booking back by an entry of its own, so that the difference waits again; two people as for the booking.

    Raises CaseNotFound, RemedyReasonMissing, MoveRefused, RemedyWaits.
    """
    case = _open_to(case_id, RemedyWay.UNBOOK, reason)
    made = case_facts.booked(case)
    if made is None:
        raise NotBookable
    return _asked(
        case,
        RemedyWay.UNBOOK,
        amount_fen=-made.amount_fen,
        base=made.base,
        account=made.account,
        undoes=made,
        reason=reason,
        takes_two=needs_two(made.amount_fen),
        operator=operator,
        at=at,
    )


def grant(*, case_id: int, operator: Any, at: datetime) -> Remedy:
    """Carry out what somebody else asked for. WeChat is asked about a payment before it goes back.

    Called outside a transaction; of several at once one does it. Raises CaseNotFound, RemedyGone, SecondPersonNeeded,
    MoveRefused where the difference is settled or gone by now, RemedyStale, NotAsBilled, ReturnedElsewhere, RefundTooMuch,
    PaymentKnown, and WechatUnavailable with nothing changed.
    """
    transactions.forbid("asking WeChat about a payment")
    seen = _require_second_person(cases.found(case_id), operator=operator)
    told = _ask_wechat(seen.case) if seen.way == RemedyWay.REFUND else None
    with transaction.atomic():
        remedy = _require_second_person(_locked(case_id), operator=operator)
        if remedy.pk != seen.pk:
            raise RemedyGone
        _carry_out(remedy, told, operator=operator, at=at)
        return remedy


@transaction.atomic
def refuse(*, case_id: int, operator: Any, at: datetime) -> None:
    """Say no to what was asked for, or take one's own asking back. Raises CaseNotFound, RemedyGone."""
    remedy = case_facts.waiting(_locked(case_id))
    if remedy is None:
        raise RemedyGone
    what = remedy.get_way_display()
    if remedy.asked_by_id == operator.pk:
        remedy.delete()
        audit.record(
            operator=operator,
            action="撤回对账处理",
            subject=remedy.case.number,
            note=what,
            row=remedy.case,
            at=at,
        )
        return
    remedy.answered_by, remedy.answered_at, remedy.granted = operator, at, False
    remedy.save(update_fields=["answered_by", "answered_at", "granted"])
    audit.record(
        operator=operator,
        action="驳回对账处理",
        subject=remedy.case.number,
        note=what,
        row=remedy.case,
        at=at,
    )


def needs_two(amount_fen: int) -> bool:
    """Whether a booking of so much takes two people: above the amount above which a refund does."""
    most_fen: int = application_facts.rules().second_person_above_fen
    return abs(amount_fen) > most_fen


def _open_to(case_id: int, way: RemedyWay, reason: str) -> Case:
    """The difference, locked, if this may be asked for about it."""
    if len(reason.strip()) < _LEAST_REASON:
        raise RemedyReasonMissing
    case = _locked(case_id)
    CASE_LIFECYCLE.target(move=_MOVE_OF[way], current=case.status)
    if case_facts.waiting(case) is not None:
        raise cases.RemedyWaits
    return case


def _locked(case_id: int) -> Case:
    """The difference; both bills may have one about the same money, so all of these are locked. Raises CaseNotFound."""
    found = case_facts.of_same_money(cases.found(case_id)).select_for_update()
    return next(case for case in found if case.pk == case_id)


def _asked(
    case: Case, way: RemedyWay, *, reason: str, takes_two: bool, operator: Any, at: datetime, **what: Any
) -> Remedy:
    remedy = Remedy.objects.create(
        case=case,
        way=way,
        reason=reason.strip()[:80],
        takes_two=takes_two,
        asked_by=operator,
        asked_at=at,
        **what,
    )
    if takes_two:
        audit.record(
            operator=operator, action=f"申请{way.label}", subject=case.number, note=reason, row=case, at=at
        )
    else:
        _carry_out(remedy, None, operator=operator, at=at)
    return remedy


def _require_second_person(case: Case, *, operator: Any) -> Remedy:
    remedy = case_facts.waiting(case)
    if remedy is None:
        raise RemedyGone
    if remedy.asked_by_id == operator.pk:
        raise endings.SecondPersonNeeded
    return remedy


def _ask_wechat(case: Case) -> Transaction:
    """What WeChat says of the payment now. Raises NotReturnable, NotAsBilled, WechatRefused, WechatUnavailable."""
    found = case_facts.returnable(case)
    if found is None:
        raise NotReturnable
    told = client.query_transaction(transaction_id=found.transaction_id)
    if (
        not told.is_paid
        or told.amount_total_fen != found.paid_fen
        or len(told.out_trade_no) > _LONGEST_NUMBER
    ):
        raise NotAsBilled
    return told


def _carry_out(remedy: Remedy, told: Transaction | None, *, operator: Any, at: datetime) -> None:
    """Do it in the caller's transaction, the differences about this money being locked, and settle them all."""
    case = remedy.case
    move = _MOVE_OF[RemedyWay(remedy.way)]
    CASE_LIFECYCLE.target(move=move, current=case.status)
    if told is not None:
        _give_back(remedy, told, operator=operator, at=at)
    elif remedy.way == RemedyWay.BOOK:
        found = case_facts.bookable(case)
        if found is None or (found.base, found.amount_fen) != (remedy.base, remedy.amount_fen):
            raise RemedyStale
    remedy.answered_by, remedy.answered_at, remedy.granted = operator, at, True
    remedy.save(update_fields=["answered_by", "answered_at", "granted", "refund_no"])
    for row in case_facts.of_same_money(case):
        if row.status in CASE_LIFECYCLE.moves[move].sources:
            reopened = move == "unbook"
            row.note, row.operator = ("", None) if reopened else (remedy.reason, operator)
            cases.moved(row, move, at=at)
    what, two = remedy.get_way_display(), "复核" if remedy.takes_two else ""
    audit.record(
        operator=operator, action=f"{two}{what}", subject=case.number, note=remedy.reason, row=case, at=at
    )
    log.info("case_remedied", name=remedy.way)


def _give_back(remedy: Remedy, told: Transaction, *, operator: Any, at: datetime) -> None:
    """Write the payment down, and commit to the refund: a sweep submits it within two minutes."""
    _require_left(remedy.case, amount_fen=remedy.amount_fen)
    found = case_facts.returnable(remedy.case)
    if told.trade_state == "REFUND" and found is not None and found.left_fen == found.paid_fen:
        raise ReturnedElsewhere
    payment = strays.take(transaction=told, at=at)
    refund = payments.request_refund(
        payment_no=payment.payment_no,
        amount_fen=remedy.amount_fen,
        reason=remedy.reason,
        business_key=f"stray:{remedy.pk}",
        operator=operator,
        at=at,
    )
    remedy.refund_no = refund.refund_no


def _require_left(case: Case, *, amount_fen: int) -> None:
    """Raise NotReturnable, or RefundTooMuch for nothing, or more than what is left of the payment."""
    found = case_facts.returnable(case)
    if found is None:
        raise NotReturnable
    if not 1 <= amount_fen <= found.left_fen:
        raise giving_back.RefundTooMuch(details={"refundable_fen": found.left_fen})
