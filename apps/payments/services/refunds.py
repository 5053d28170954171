"""Refunds under way: submitted under one number for ever, believed when WeChat says so, taken up again when it failed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from apps.base import transactions
from apps.outbox import services as outbox
from apps.payments.models import Payment, Refund, RefundStep
from apps.payments.services import giving_back, steps
from apps.payments.states import REFUND_LIFECYCLE, Origin, PaymentStatus, RefundStatus, SentTo
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
# A balance is topped up by people: again within three minutes, and then ever more rarely, for every refusal counts
# against WeChat's limit of errors.
_FIRST_WAIT_FOR_BALANCE = timedelta(minutes=2)
# Refunds of one payment leave at least a minute apart (微信支付 申请退款), and what WeChat found too frequent is not
# told again before.
_APART = timedelta(minutes=1)
# WeChat usually settles within minutes, to a bank card within days.
_FIRST_QUERY_AFTER = timedelta(minutes=3)
_LONGEST_QUERY_WAIT = timedelta(hours=6)
_ABNORMAL = "退款异常：用户账户无法入账，请申请异常退款"
_AT_SHOP = "款项已退回商户账户，买家未收到：请转给买家后申请结案"
_CLOSED = "退款关闭：微信不会再处理此单号，可重新提交"


class RefundNotFound(NotFound):
    """The shop has no refund under this number."""

    code = "refund_not_found"
    message = "退款单不存在"


class NotOurRefund(ShopError):
    """It was made in WeChat's merchant console: only there can it be made again."""

    code = "refund_not_ours"
    message = "此退款在微信商户平台发起，请在商户平台处理"
    kind = Kind.CONFLICT


class RefundConflict(ShopError):
    """WeChat speaks of another payment or amount under our refund number."""

    code = "refund_conflict"
    message = "微信退款信息与退款单不符"
    kind = Kind.CONFLICT


class _Work(Protocol):
    """What a sweep does with one refund that it has taken; says whether WeChat answered."""

    def __call__(self, refund: Refund, *, at: datetime) -> bool: ...


def submit_due(*, at: datetime, limit: int = 50) -> int:
    """Submit what is due; return how many were tried. Safe to run side by side; one failure stops no other."""
    transactions.forbid("submitting refunds")
    return _each_due(RefundStatus.REQUESTED, _submit, at=at, limit=limit)


def query_due(*, at: datetime, limit: int = 50) -> int:
    """Ask WeChat about refunds under way whose notification did not come; return how many were asked about."""
    transactions.forbid("querying refunds")
    return _each_due(RefundStatus.PROCESSING, _query, at=at, limit=limit)


def resubmit(*, refund_no: str, operator: Any = None, at: datetime) -> Refund:
    """Take up a refund that did not get through, due now; return the refund that is under way.

    A failed one keeps its number. One that WeChat closed is dead for ever and gets one successor, asked for by ``operator``.
    Raises RefundNotFound, NotOurRefund, PaymentTooOld, RefundedTooOften, MoveRefused, RefundTooMuch.
    """
    with transaction.atomic():
        refund = locked(refund_no=refund_no)
        if refund.origin == Origin.CONSOLE:
            raise NotOurRefund
        if refund.status == RefundStatus.CLOSED:
            giving_back.require_takable(refund.payment, at=at)
            return giving_back.request_refund(
                payment_no=refund.payment.payment_no,
                amount_fen=refund.amount_fen,
                reason=refund.reason,
                business_key=f"after:{refund_no}",
                operator=operator,
                at=at,
            )
        status = REFUND_LIFECYCLE.target(move="retry", current=refund.status)
        giving_back.require_takable(refund.payment, but=refund, at=at)
        refund.status, refund.due_at = RefundStatus(status), at
        refund.save(update_fields=["status", "due_at"])
        steps.note(refund, RefundStep.Step.RETRY, operator=operator, at=at)
        return refund


def apply_result(*, result: RefundResult, at: datetime) -> Refund:
    """Write down what WeChat says of a refund; safe to repeat, and in any order: what was carried out stays so.

    One that went to the shop's own account is not back at the payer: it waits for somebody, AT_SHOP.

    Raises RefundNotFound, RefundConflict, and MoveRefused should WeChat carry out what it had closed.
    """
    with transaction.atomic():
        refund = locked(refund_no=result.out_refund_no)
        payment = refund.payment
        unheard = refund.origin == Origin.CONSOLE and payment.transaction_id is None
        if (
            (result.transaction_id != payment.transaction_id and not unheard)
            or result.out_trade_no != payment.payment_no
            or result.refund_fen != refund.amount_fen
        ):
            raise RefundConflict
        if refund.status == RefundStatus.SETTLED or refund.at_shop_at is not None:
            return refund
        refund.wechat_refund_id, refund.short_at = result.refund_id, None
        if result.status == "SUCCESS" and went_to_shop(refund, result):
            _return_to_shop(refund, at=result.success_time or at)
            steps.note(refund, RefundStep.Step.AT_SHOP, words=_account(result), at=at)
        elif result.status == "SUCCESS":
            _settle(refund, payment, at=result.success_time or at, news_at=at)
            steps.note(refund, RefundStep.Step.SETTLE, words=_account(result), at=at)
        elif result.status == "CLOSED":
            _end(refund, move="close", final=RefundStatus.CLOSED, why=_CLOSED)
            steps.note(refund, RefundStep.Step.CLOSE, words=_CLOSED, at=at)
        elif result.status == "ABNORMAL":
            _end(refund, move="fail", final=RefundStatus.FAILED, why=_ABNORMAL)
            refund.abnormal_at = refund.abnormal_at or at
            steps.note(refund, RefundStep.Step.ABNORMAL, words=_ABNORMAL, at=at)
        elif refund.status == RefundStatus.REQUESTED:
            refund.status = REFUND_LIFECYCLE.target(move="submit", current=refund.status)
            refund.due_at, refund.last_error = at + _FIRST_QUERY_AFTER, ""
            steps.note(refund, RefundStep.Step.SUBMIT, words=f"微信退款单号 {result.refund_id}", at=at)
        refund.save()
        return refund


def _account(result: RefundResult) -> str:
    """Where the money went, as WeChat calls it; nothing where it does not say."""
    told = result.raw.get("user_received_account")
    return str(told)[:100] if told else ""


def went_to_shop(refund: Refund, result: RefundResult) -> bool:
    """Whether a refund that WeChat carried out is in the shop's account: we asked for that, or WeChat says so."""
    return refund.sent_to == SentTo.SHOP or result.received_by_shop


def _return_to_shop(refund: Refund, *, at: datetime) -> None:
    """Nothing is announced, and nothing counted as back: the payer has not got it."""
    refund.status = REFUND_LIFECYCLE.target(move="return_to_shop", current=refund.status)
    refund.at_shop_at, refund.last_error = at, _AT_SHOP
    log.error("refund_at_shop", refund_no=refund.refund_no)


def _settle(refund: Refund, payment: Payment, *, at: datetime, news_at: datetime) -> None:
    refund.status = REFUND_LIFECYCLE.target(move="settle", current=refund.status)
    refund.settled_at, refund.last_error = at, ""
    if payment.status == PaymentStatus.CAPTURED:
        # What the console refunded of a payment that we have not heard of yet is counted when we do.
        payment.refunded_fen += refund.amount_fen
        payment.save(update_fields=["refunded_fen"])
    outbox.publish(events.RefundSettled(refund_no=refund.refund_no), at=news_at)


def _end(refund: Refund, *, move: str, final: RefundStatus, why: str) -> None:
    """Note that the refund did not get through; said twice is as good as once."""
    if refund.status != final:
        refund.status = REFUND_LIFECYCLE.target(move=move, current=refund.status)
    refund.last_error = why[:300]
    log.error("refund_not_through", refund_no=refund.refund_no, status=final.value)


def locked(*, refund_no: str) -> Refund:
    """Return the refund with its payment, both locked, the payment first. Raises RefundNotFound."""
    payment_id = Refund.objects.filter(refund_no=refund_no).values_list("payment_id", flat=True).first()
    if payment_id is None:
        raise RefundNotFound
    payment = Payment.objects.select_for_update(no_key=True).get(pk=payment_id)
    refund = Refund.objects.select_for_update(no_key=True).get(refund_no=refund_no)
    refund.payment = payment
    return refund


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
            _put_off(refund, why=f"{type(error).__name__}", until=at + _wait(refund.attempts), at=at)
    return limit


def _take(status: RefundStatus, *, at: datetime) -> Refund | None:
    """Claim one due refund for the time of the lease, and commit that.

    One to be submitted waits until the payment's last one left a minute ago. Its payment is locked as well, so that two
    sweeps side by side cannot both find that it did; whoever finds one taken passes it over.
    """
    with transaction.atomic():
        due = Refund.objects.filter(status=status, due_at__lte=at)
        if status == RefundStatus.REQUESTED:
            due = due.filter(
                Q(payment__refund_sent_at__isnull=True) | Q(payment__refund_sent_at__lte=at - _APART)
            )
        refund = (
            due.select_for_update(skip_locked=True, no_key=True, of=("self", "payment"))
            .select_related("payment")
            .order_by("due_at", "id")
            .first()
        )
        if refund is None:
            return None
        refund.attempts += 1
        refund.due_at = at + _LEASE
        refund.save(update_fields=["attempts", "due_at"])
        if status == RefundStatus.REQUESTED:
            refund.payment.refund_sent_at = at
            refund.payment.save(update_fields=["refund_sent_at"])
        return refund


def _submit(refund: Refund, *, at: datetime) -> bool:
    """Submit once. After an unknown outcome WeChat is asked first, then told again under the same number."""
    try:
        if refund.attempts == 1 or not _known_at_wechat(refund, at=at):
            apply_result(result=_ask_for(refund), at=at)
    except wechat_errors.NotEnoughBalance as refusal:
        Refund.objects.filter(pk=refund.pk, short_at=None).update(short_at=at)
        until = at + _wait(refund.attempts, first=_FIRST_WAIT_FOR_BALANCE)
        _put_off(refund, why=refusal.text, until=until, at=at)
    except wechat_errors.WechatBusy as fault:
        _put_off(refund, why=str(fault), until=at + _wait(refund.attempts, first=_APART), at=at)
    except wechat_errors.WechatUnavailable as fault:
        _put_off(refund, why=str(fault), until=at + _wait(refund.attempts), at=at)
        return False
    except wechat_errors.PayRequestInvalid as refusal:
        return _learn_from_refusal(refund, refusal, at=at)
    except wechat_errors.PayRefused as refusal:
        _refused(refund, refusal, at=at)
    return True


def _learn_from_refusal(refund: Refund, refusal: wechat_errors.PayRequestInvalid, *, at: datetime) -> bool:
    """WeChat will not take the request as it is: if it has the number (with other parameters), its word counts."""
    try:
        if not _known_at_wechat(refund, at=at):
            _refused(refund, refusal, at=at)
    except RefundConflict:
        _refused(refund, refusal, at=at)  # another payment or amount under our number: a person has to look
    except wechat_errors.WechatUnavailable as fault:
        _put_off(refund, why=str(fault), until=at + _wait(refund.attempts), at=at)
        return False
    return True


def _query(refund: Refund, *, at: datetime) -> bool:
    wait = min(_FIRST_QUERY_AFTER * 2 ** min(refund.attempts, 10), _LONGEST_QUERY_WAIT)
    try:
        apply_result(result=client.query_refund(out_refund_no=refund.refund_no), at=at)
        Refund.objects.filter(pk=refund.pk, status=RefundStatus.PROCESSING).update(due_at=at + wait)
    except (wechat_errors.WechatUnavailable, wechat_errors.PayRefused) as fault:
        _put_off(refund, why=str(fault), until=at + wait, at=at)
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


def _refused(refund: Refund, refusal: wechat_errors.PayRefused, *, at: datetime) -> None:
    """WeChat said no for good: a case for the operator, under the same number."""
    with transaction.atomic():
        again = locked(refund_no=refund.refund_no)
        if again.status == RefundStatus.REQUESTED:
            why = f"{refusal.errcode} {refusal.errmsg}"
            _end(again, move="fail", final=RefundStatus.FAILED, why=why)
            again.save(update_fields=["status", "last_error"])
            steps.note(again, RefundStep.Step.FAIL, words=why, at=at)


def _put_off(refund: Refund, *, why: str, until: datetime, at: datetime) -> None:
    """Come back later; only while the refund still stands where it was taken. The reason is told once."""
    stands = Refund.objects.filter(pk=refund.pk, status=refund.status)
    if stands.update(due_at=until, last_error=why[:300]) and refund.status == RefundStatus.REQUESTED:
        steps.note(refund, RefundStep.Step.PUT_OFF, words=why, at=at)


def _wait(attempts: int, *, first: timedelta = _FIRST_WAIT) -> timedelta:
    return min(first * 2 ** min(attempts - 1, 10), _LONGEST_WAIT)
