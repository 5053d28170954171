"""What was refunded in WeChat's merchant console: a fact of the shop's, too, from the moment WeChat tells of it."""

from __future__ import annotations

from datetime import datetime

import structlog
from django.db import transaction

from apps.outbox import services as outbox
from apps.payments.models import Payment, Refund, RefundStep
from apps.payments.services import giving_back, refunds, steps
from apps.payments.states import REFUND_LIFECYCLE, VOID, Origin, PaymentStatus, RefundStatus
from apps.wechat.pay.client import RefundResult
from mall import events

log = structlog.get_logger(__name__)

_STATUS_OF = {
    "SUCCESS": RefundStatus.SETTLED,
    "PROCESSING": RefundStatus.PROCESSING,
    "ABNORMAL": RefundStatus.FAILED,
    "CLOSED": RefundStatus.CLOSED,
}
_REASON = "商户平台退款"
_GONE = "已在商户平台退款"


def hear(*, result: RefundResult, at: datetime) -> Refund:
    """Write down what WeChat says of a refund, ours or the console's; safe to repeat.

    A number that is none of ours, about a payment that is ours, was made in the console: we commit ours before WeChat
    hears of them. Raises what ``refunds.apply_result`` raises.
    """
    try:
        return refunds.apply_result(result=result, at=at)
    except refunds.RefundNotFound:
        return _note(result, at=at)


def _note(result: RefundResult, *, at: datetime) -> Refund:
    """Keep a refund of the console, also of a payment that we have not heard of yet: its news may come first.

    Raises RefundNotFound where the payment is none of ours either, RefundConflict where the sums do not fit it.
    """
    with transaction.atomic():
        payment = (
            Payment.objects.select_for_update(no_key=True).filter(payment_no=result.out_trade_no).first()
        )
        if payment is None:
            raise refunds.RefundNotFound
        if Refund.objects.filter(refund_no=result.out_refund_no).exists():
            return refunds.apply_result(result=result, at=at)  # somebody was quicker
        _require_about(payment, result)
        status = _STATUS_OF.get(result.status, RefundStatus.PROCESSING)
        done_at = result.success_time or at if status == RefundStatus.SETTLED else None
        settled_at, at_shop_at = (None, done_at) if done_at and result.received_by_shop else (done_at, None)
        if at_shop_at is not None:
            status = RefundStatus.AT_SHOP
        refund = Refund.objects.create(
            refund_no=result.out_refund_no,
            origin=Origin.CONSOLE,
            payment=payment,
            status=status,
            amount_fen=result.refund_fen,
            reason=_REASON,
            business_key=f"console:{result.out_refund_no}",
            wechat_refund_id=result.refund_id,
            due_at=at,
            requested_at=at,
            settled_at=settled_at,
            at_shop_at=at_shop_at,
        )
        steps.note(refund, RefundStep.Step.REQUEST, words=_REASON, at=at)
        if settled_at and payment.status == PaymentStatus.CAPTURED:
            payment.refunded_fen += refund.amount_fen
            payment.save(update_fields=["refunded_fen"])
        _make_room(payment, at=at)
        log.warning("refunded_in_console", payment_no=payment.payment_no, refund_no=refund.refund_no)
        news = events.ConsoleRefunded(payment_no=payment.payment_no, refund_no=refund.refund_no)
        outbox.publish(news, at=at)
        return refund


def _require_about(payment: Payment, result: RefundResult) -> None:
    paid_fen = payment.captured_fen or payment.amount_fen
    if payment.transaction_id not in {None, result.transaction_id}:
        raise refunds.RefundConflict
    if result.total_fen != paid_fen or not 1 <= result.refund_fen <= paid_fen:
        raise refunds.RefundConflict


def _make_room(payment: Payment, *, at: datetime) -> None:
    """Take back our own refund of surplus money that the console has given back, wholly or in part.

    WeChat would not carry it out any more. Only one that WeChat refused, or was never told of: another one may be under
    way.
    """
    ours = (
        payment.refunds.select_for_update(no_key=True)
        .filter(business_key=f"surplus:{payment.payment_no}")
        .first()
    )
    if ours is None or not (
        ours.status == RefundStatus.FAILED or (ours.status == RefundStatus.REQUESTED and ours.attempts == 0)
    ):
        return
    promised_fen = sum(row.amount_fen for row in payment.refunds.exclude(status__in=VOID))
    if promised_fen <= payment.captured_fen:
        return
    ours.status = RefundStatus(REFUND_LIFECYCLE.target(move="close", current=ours.status))
    ours.last_error = _GONE
    ours.save(update_fields=["status", "last_error"])
    if left_fen := giving_back.left_fen_of(payment):
        giving_back.request_refund(
            payment_no=payment.payment_no,
            amount_fen=left_fen,
            reason=ours.reason,
            business_key=f"after:{ours.refund_no}",
            at=at,
        )
