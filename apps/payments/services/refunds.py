"""Refunds: asked for under lock, submitted under one number for ever, believed when WeChat says so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from apps.base import numbers, transactions
from apps.outbox import services as outbox
from apps.payments.models import Payment, Refund
from apps.payments.services.attempts import PaymentNotFound
from apps.payments.states import REFUND_LIFECYCLE, PaymentStatus, RefundStatus
from apps.wechat import errors as wechat_errors
from apps.wechat.pay import client
from apps.wechat.pay.client import RefundResult
from mall import events
from mall.errors import Kind, NotFound, ShopError

log = structlog.get_logger(__name__)

_NOTIFY_PATH = "/wechat/refund/notify"
# After so many calls in a row that WeChat did not answer, a sweep leaves it alone until the next.
_PATIENCE = 3
# While a worker talks to WeChat nobody else takes its refund; a dead worker's comes back after it.
_LEASE = timedelta(minutes=2)
_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(minutes=30)
# A balance is topped up by people: asking more often only counts against WeChat's error limit.
_WAIT_FOR_BALANCE = timedelta(minutes=10)
# WeChat usually settles within minutes, to a bank card within days.
_FIRST_QUERY_AFTER = timedelta(minutes=3)
_LONGEST_QUERY_WAIT = timedelta(hours=6)
_ABNORMAL = "退款异常：用户账户无法入账，请在商户平台处理"
_CLOSED = "退款关闭：微信不会再处理此单号，可重新提交"


class NotRefundable(ShopError):
    """No money was captured by this attempt."""

    code = "payment_not_captured"
    message = "该支付单没有收款，不能退款"
    kind = Kind.CONFLICT


class RefundTooMuch(ShopError):
    """More than what is left of the payment; ``details`` has ``refundable_fen``."""

    code = "refund_too_much"
    message = "退款金额超过可退金额"
    kind = Kind.CONFLICT


class RefundKeyReused(ShopError):
    """The same cause asked for another refund before."""

    code = "refund_key_reused"
    message = "同一事由已有不同的退款"
    kind = Kind.CONFLICT


class RefundNotFound(NotFound):
    """The shop has no refund under this number."""

    code = "refund_not_found"
    message = "退款单不存在"


class RefundConflict(ShopError):
    """WeChat speaks of another payment or amount under our refund number."""

    code = "refund_conflict"
    message = "微信退款信息与退款单不符"
    kind = Kind.CONFLICT


class _Work(Protocol):
    """What a sweep does with one refund that it has taken; says whether WeChat answered."""

    def __call__(self, refund: Refund, *, at: datetime) -> bool: ...


def request_refund(
    *, payment_no: str, amount_fen: int, reason: str, business_key: str, at: datetime
) -> Refund:
    """Commit to giving ``amount_fen`` of a payment back; a sweep submits it within two minutes.

    The same ``business_key`` with the same payment and amount answers the same refund. Every refund that
    WeChat has not closed counts against the payment, failed ones too: it may still carry one of those out.
    Raises PaymentNotFound, NotRefundable, RefundTooMuch, RefundKeyReused.
    """
    with transaction.atomic():
        payment = Payment.objects.select_for_update(no_key=True).filter(payment_no=payment_no).first()
        if payment is None:
            raise PaymentNotFound
        known = list(Refund.objects.filter(business_key=business_key))
        if known:
            if [(row.payment_id, row.amount_fen) for row in known] != [(payment.pk, amount_fen)]:
                raise RefundKeyReused
            return known[0]
        if payment.status != PaymentStatus.CAPTURED:
            raise NotRefundable
        parts = _split([payment], amount_fen=amount_fen)
        (refund,) = _write(parts, reason=reason, business_key=business_key, at=at)
        return refund


def refund_order(
    *, order_id: int, amount_fen: int, reason: str, business_key: str, at: datetime
) -> list[Refund]:
    """Commit to giving ``amount_fen`` of an order back; where it has several bills, out of their payments.

    The payment that came last gives first, each at most what is left of it, one refund for each that gives. So all
    refunds together are exactly what was captured, most of them are in one part, and a balance goes before its deposit.
    The caller has locked the order. The same ``business_key`` and sum answers the same refunds, each under its number.
    Raises NotRefundable where no money was captured, RefundTooMuch, RefundKeyReused.
    """
    with transaction.atomic():
        captured = list(
            Payment.objects.select_for_update(no_key=True)
            .filter(order_id=order_id, status=PaymentStatus.CAPTURED, is_surplus=False)
            .order_by("id")
        )
        known = list(Refund.objects.filter(business_key=business_key).order_by("part"))
        if known:
            theirs = {payment.pk for payment in captured}
            if sum(row.amount_fen for row in known) != amount_fen or any(
                row.payment_id not in theirs for row in known
            ):
                raise RefundKeyReused
            return known
        if not captured:
            raise NotRefundable
        latest_first = sorted(
            captured, key=lambda row: (row.captured_at or row.started_at, row.pk), reverse=True
        )
        return _write(
            _split(latest_first, amount_fen=amount_fen), reason=reason, business_key=business_key, at=at
        )


def refund_surplus(*, payment_no: str, at: datetime) -> Refund:
    """Give money that nothing can use back, whole and once."""
    payment = Payment.objects.filter(payment_no=payment_no).first()
    if payment is None:
        raise PaymentNotFound
    return request_refund(
        payment_no=payment_no,
        amount_fen=payment.captured_fen,
        reason=payment.get_surplus_reason_display() or "异常收款",
        business_key=f"surplus:{payment_no}",
        at=at,
    )


def submit_due(*, at: datetime, limit: int = 50) -> int:
    """Submit what is due; return how many were tried. Safe to run side by side; one failure stops no other."""
    transactions.forbid("submitting refunds")
    return _each_due(RefundStatus.REQUESTED, _submit, at=at, limit=limit)


def query_due(*, at: datetime, limit: int = 50) -> int:
    """Ask WeChat about refunds under way whose notification did not come; return how many were asked about."""
    transactions.forbid("querying refunds")
    return _each_due(RefundStatus.PROCESSING, _query, at=at, limit=limit)


def resubmit(*, refund_no: str, at: datetime) -> Refund:
    """Take up a refund that did not get through, due now; return the refund that is under way.

    A failed one keeps its number. One that WeChat closed is dead for ever and gets one successor.
    Raises RefundNotFound, MoveRefused, RefundTooMuch.
    """
    with transaction.atomic():
        refund = _locked(refund_no)
        if refund.status == RefundStatus.CLOSED:
            return request_refund(
                payment_no=refund.payment.payment_no,
                amount_fen=refund.amount_fen,
                reason=refund.reason,
                business_key=f"after:{refund_no}",
                at=at,
            )
        refund.status = REFUND_LIFECYCLE.target(move="retry", current=refund.status)
        refund.due_at = at
        refund.save(update_fields=["status", "due_at"])
        return refund


def apply_result(*, result: RefundResult, at: datetime) -> Refund:
    """Write down what WeChat says of a refund; safe to repeat, and in any order: SETTLED is never left.

    Raises RefundNotFound, RefundConflict, and MoveRefused should WeChat carry out what it had closed.
    """
    with transaction.atomic():
        refund = _locked(result.out_refund_no)
        payment = refund.payment
        if (
            result.transaction_id != payment.transaction_id
            or result.out_trade_no != payment.payment_no
            or result.refund_fen != refund.amount_fen
        ):
            raise RefundConflict
        if refund.status == RefundStatus.SETTLED:
            return refund
        refund.wechat_refund_id = result.refund_id
        if result.status == "SUCCESS":
            _settle(refund, payment, at=result.success_time or at, news_at=at)
        elif result.status == "CLOSED":
            _end(refund, move="close", final=RefundStatus.CLOSED, why=_CLOSED)
        elif result.status == "ABNORMAL":
            _end(refund, move="fail", final=RefundStatus.FAILED, why=_ABNORMAL)
        elif refund.status == RefundStatus.REQUESTED:
            refund.status = REFUND_LIFECYCLE.target(move="submit", current=refund.status)
            refund.due_at, refund.last_error = at + _FIRST_QUERY_AFTER, ""
        refund.save()
        return refund


def _settle(refund: Refund, payment: Payment, *, at: datetime, news_at: datetime) -> None:
    refund.status = REFUND_LIFECYCLE.target(move="settle", current=refund.status)
    refund.settled_at, refund.last_error = at, ""
    payment.refunded_fen += refund.amount_fen
    payment.save(update_fields=["refunded_fen"])
    outbox.publish(events.RefundSettled(refund_no=refund.refund_no), at=news_at)


def _end(refund: Refund, *, move: str, final: RefundStatus, why: str) -> None:
    """Note that the refund did not get through; said twice is as good as once."""
    if refund.status != final:
        refund.status = REFUND_LIFECYCLE.target(move=move, current=refund.status)
    refund.last_error = why[:300]
    log.error("refund_not_through", refund_no=refund.refund_no, status=final.value)


def _locked(refund_no: str) -> Refund:
    """Return the refund with its payment, both locked, the payment first."""
    payment_id = Refund.objects.filter(refund_no=refund_no).values_list("payment_id", flat=True).first()
    if payment_id is None:
        raise RefundNotFound
    payment = Payment.objects.select_for_update(no_key=True).get(pk=payment_id)
    refund = Refund.objects.select_for_update(no_key=True).get(refund_no=refund_no)
    refund.payment = payment
    return refund


def _split(payments: Sequence[Payment], *, amount_fen: int) -> list[tuple[Payment, int]]:
    """Which of these locked payments gives how much, the first as much as it has. Raises RefundTooMuch."""
    left_fen = {payment.pk: payment.captured_fen - _promised_fen(payment) for payment in payments}
    if not 1 <= amount_fen <= sum(left_fen.values()):
        raise RefundTooMuch(details={"refundable_fen": sum(left_fen.values())})
    parts: list[tuple[Payment, int]] = []
    for payment in payments:
        part_fen = min(amount_fen, left_fen[payment.pk])
        if part_fen:
            parts.append((payment, part_fen))
            amount_fen -= part_fen
    return parts


def _write(
    parts: Sequence[tuple[Payment, int]], *, reason: str, business_key: str, at: datetime
) -> list[Refund]:
    """Write the refunds of one cause, each under a number of its own."""
    return [
        Refund.objects.create(
            refund_no=numbers.dated("RF", at=at),
            payment=payment,
            amount_fen=amount_fen,
            reason=reason[:80],
            business_key=business_key,
            part=part,
            due_at=at,
            requested_at=at,
        )
        for part, (payment, amount_fen) in enumerate(parts, start=1)
    ]


def _promised_fen(payment: Payment) -> int:
    alive = payment.refunds.exclude(status=RefundStatus.CLOSED)
    total: int | None = alive.aggregate(total=Sum("amount_fen"))["total"]
    return total or 0


def _each_due(status: RefundStatus, work: _Work, *, at: datetime, limit: int) -> int:
    """Take due refunds of a status one by one and do the work on each with no transaction open."""
    unanswered = 0
    for tried in range(limit):
        refund = _take(status, at=at) if unanswered < _PATIENCE else None
        if refund is None:
            return tried
        try:
            unanswered = 0 if work(refund, at=at) else unanswered + 1
        except Exception as error:
            log.exception("refund_sweep_failed", refund_no=refund.refund_no)
            _put_off(refund, why=f"{type(error).__name__}", until=at + _wait(refund.attempts))
    return limit


def _take(status: RefundStatus, *, at: datetime) -> Refund | None:
    """Claim one due refund for the time of the lease, and commit that."""
    with transaction.atomic():
        refund = (
            Refund.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
            .select_related("payment")
            .filter(status=status, due_at__lte=at)
            .order_by("due_at", "id")
            .first()
        )
        if refund is None:
            return None
        refund.attempts += 1
        refund.due_at = at + _LEASE
        refund.save(update_fields=["attempts", "due_at"])
        return refund


def _submit(refund: Refund, *, at: datetime) -> bool:
    """Submit once. After an unknown outcome WeChat is asked first, then told again under the same number."""
    try:
        if refund.attempts == 1 or not _known_at_wechat(refund, at=at):
            apply_result(result=_ask_for(refund), at=at)
    except wechat_errors.NotEnoughBalance as refusal:
        _put_off(refund, why=refusal.text, until=at + _WAIT_FOR_BALANCE)
    except wechat_errors.WechatUnavailable as fault:
        _put_off(refund, why=str(fault), until=at + _wait(refund.attempts))
        return False
    except wechat_errors.PayRefused as refusal:
        _refused(refund, refusal)
    return True


def _query(refund: Refund, *, at: datetime) -> bool:
    wait = min(_FIRST_QUERY_AFTER * 2 ** min(refund.attempts, 10), _LONGEST_QUERY_WAIT)
    try:
        apply_result(result=client.query_refund(out_refund_no=refund.refund_no), at=at)
        Refund.objects.filter(pk=refund.pk, status=RefundStatus.PROCESSING).update(due_at=at + wait)
    except (wechat_errors.WechatUnavailable, wechat_errors.PayRefused) as fault:
        _put_off(refund, why=str(fault), until=at + wait)
        return isinstance(fault, wechat_errors.PayRefused)
    return True


def _known_at_wechat(refund: Refund, *, at: datetime) -> bool:
    """Ask whether an earlier submission arrived, and apply what WeChat says of it."""
    try:
        result = client.query_refund(out_refund_no=refund.refund_no)
    except wechat_errors.PayOrderNotFound:
        return False
    apply_result(result=result, at=at)
    return True


def _ask_for(refund: Refund) -> RefundResult:
    return client.refund(
        transaction_id=refund.payment.transaction_id or "",
        out_refund_no=refund.refund_no,
        refund_fen=refund.amount_fen,
        total_fen=refund.payment.captured_fen,
        reason=refund.reason,
        notify_url=f"{settings.PUBLIC_BASE_URL}{_NOTIFY_PATH}",
    )


def _refused(refund: Refund, refusal: wechat_errors.PayRefused) -> None:
    """WeChat said no for good: a case for the operator, under the same number."""
    with transaction.atomic():
        again = _locked(refund.refund_no)
        if again.status == RefundStatus.REQUESTED:
            why = f"{refusal.errcode} {refusal.errmsg}"
            _end(again, move="fail", final=RefundStatus.FAILED, why=why)
            again.save(update_fields=["status", "last_error"])


def _put_off(refund: Refund, *, why: str, until: datetime) -> None:
    """Come back later; only while the refund still stands where it was taken."""
    Refund.objects.filter(pk=refund.pk, status=refund.status).update(due_at=until, last_error=why[:300])


def _wait(attempts: int) -> timedelta:
    return min(_FIRST_WAIT * 2 ** min(attempts - 1, 10), _LONGEST_WAIT)
