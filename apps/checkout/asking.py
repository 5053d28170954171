"""Asking WeChat: attempts that nobody was told about, so that a lost notification loses no money."""

from __future__ import annotations

from datetime import datetime

import structlog

from apps.base import faults, transactions
from apps.checkout import paying
from apps.orders.states import Status
from apps.payments import selectors as payment_selectors
from apps.payments.models import Payment
from apps.payments.services import attempts
from apps.payments.states import PaymentStatus
from apps.wallet import selectors as wallet
from apps.wechat import errors as wechat_errors
from apps.wechat.pay import client

log = structlog.get_logger(__name__)

# After so many questions in a row without an answer a sweep leaves WeChat alone until the next.
_PATIENCE = 3


def query_unheard(*, at: datetime, limit: int = 200) -> int:
    """Ask WeChat about attempts without news; return how many were asked about.

    Paid ones are confirmed, dead ones closed, and an open one whose order or recharge needs no money any more is
    closed at WeChat. Safe to run side by side: an attempt is claimed by its time of asking. One failure stops no other.
    """
    transactions.forbid("asking WeChat Pay")
    asked = unanswered = 0
    for attempt in payment_selectors.unheard(at=at).select_related("order")[:limit]:
        if unanswered == _PATIENCE:
            break
        if not attempts.claim_query(attempt=attempt, at=at):
            continue
        asked += 1
        try:
            _ask(attempt, at=at)
            unanswered = 0
        except Exception as error:
            unanswered += isinstance(error, wechat_errors.WechatUnavailable)
            log.warning("query_failed", payment_no=attempt.payment_no, error=faults.wording(error)[:200])
    return asked


def _ask(attempt: Payment, *, at: datetime) -> None:
    paid = _query(attempt, at=at) if _is_wanted(attempt) else _close(attempt, at=at)
    if paid is not None:
        paying.confirm_payment(transaction=paid, at=at, from_query=True)


def _is_wanted(attempt: Payment) -> bool:
    """Whether an open attempt still has something to pay; one that is closed is only asked about."""
    if attempt.status != PaymentStatus.OPEN:
        return True
    if attempt.order is None:
        return wallet.recharge_waits_for_money(recharge_no=attempt.recharge_no)
    return attempt.order.status == Status.UNPAID


def _close(attempt: Payment, *, at: datetime) -> client.Transaction | None:
    if attempt.order is None:
        return attempts.close_open_recharge_attempt(recharge_no=attempt.recharge_no, at=at)
    return attempts.close_open_attempt(order_no=attempt.order.order_no, at=at)


def _query(attempt: Payment, *, at: datetime) -> client.Transaction | None:
    """Return the payment if there is one; write down what can never be paid any more."""
    try:
        told = client.query(out_trade_no=attempt.payment_no)
    except wechat_errors.PayOrderNotFound:
        # The prepay never arrived. It may still be tried again until the attempt's time is over.
        if at >= attempt.expires_at:
            attempts.close_attempt(payment_no=attempt.payment_no, at=at)
        return None
    if told.is_paid:
        return told
    if told.trade_state in {"CLOSED", "REVOKED"}:
        attempts.close_attempt(payment_no=attempt.payment_no, at=at)
    return None
