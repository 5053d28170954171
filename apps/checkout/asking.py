"""Asking WeChat: attempts that nobody was told about, so that a lost notification loses no money."""

from __future__ import annotations

from datetime import datetime

import structlog

from apps.base import faults, transactions
from apps.checkout import bills, paying
from apps.payments import selectors as payment_facts
from apps.payments.models import Payment
from apps.payments.services import attempts
from apps.payments.states import PaymentStatus
from apps.wechat import errors as wechat_errors
from apps.wechat.pay import client

log = structlog.get_logger(__name__)

# After so many questions in a row without an answer a sweep leaves WeChat alone until the next.
_PATIENCE = 3


def query_unheard(*, at: datetime, limit: int = 200) -> int:
    """Ask WeChat about attempts without news; return how many were asked about.

    Paid ones are confirmed, dead ones closed, and an open one whose bill needs no money any more is closed at WeChat.
    Safe to run side by side: an attempt is claimed by its time of asking. One failure stops no other.
    """
    transactions.forbid("asking WeChat Pay")
    asked = unanswered = 0
    for attempt in payment_facts.unheard(at=at)[:limit]:
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


def ask_about(*, payment_no: str, at: datetime) -> bool:
    """Ask WeChat about one payment and carry out what it says, as if it had notified; whether it was paid.

    Safe to repeat. Raises PaymentNotFound, WechatRefused, WechatUnavailable.
    """
    transactions.forbid("asking WeChat Pay")
    attempt = Payment.objects.filter(payment_no=payment_no).first()
    if attempt is None:
        raise attempts.PaymentNotFound
    paid = _query(attempt, at=at)
    if paid is None:
        return False
    paying.confirm_payment(transaction=paid, at=at, from_query=True)
    return True


def _ask(attempt: Payment, *, at: datetime) -> None:
    if _is_wanted(attempt):
        paid = _query(attempt, at=at)
        told = [] if paid is None else [paid]
    else:
        told = attempts.close_open([attempt], at=at)
    for paid in told:
        paying.confirm_payment(transaction=paid, at=at, from_query=True)


def _is_wanted(attempt: Payment) -> bool:
    """Whether an open attempt still has something to pay; one that is closed is only asked about."""
    return attempt.status != PaymentStatus.OPEN or bills.of(attempt.bill_kind).waits(attempt.bill_no)


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
