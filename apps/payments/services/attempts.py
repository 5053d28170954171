"""Attempts to pay: one open attempt per order, announced to WeChat outside of any transaction, closed before goods go.

Rows are locked in one order everywhere: the order, then its payments, then stock (sorted by its service).
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction

from apps.base import numbers, transactions
from apps.orders import services as orders
from apps.orders.states import Status
from apps.payments.models import Payment
from apps.payments.states import PAYMENT_LIFECYCLE, PaymentStatus
from apps.wechat import errors as wechat_errors
from apps.wechat.pay import client
from apps.wechat.pay.client import Transaction
from mall.errors import Kind, NotFound, ShopError

log = structlog.get_logger(__name__)

# WeChat wants time_expire at least a minute ahead; the rest is for typing a password.
LEAST_TIME_TO_PAY = timedelta(seconds=90)
# WeChat's prepay_id lives two hours; an older one is asked for again under the same number.
_PREPAY_GOOD_FOR = timedelta(minutes=110)
_NOTIFY_PATH = "/wechat/pay/notify"
# A number that WeChat will not take any more is replaced once; twice in a row is WeChat's fault, not ours.
_ROUNDS = 2


class OrderNotPayable(ShopError):
    """The order is closed, refunded or paid already: there is nothing to pay."""

    code = "order_not_payable"
    message = "订单当前状态无需支付"
    kind = Kind.CONFLICT


class OrderExpired(ShopError):
    """So little time is left that WeChat would refuse the payment, or the shopper could not finish it."""

    code = "order_expired"
    message = "订单已超过支付时间，请重新下单"
    kind = Kind.CONFLICT


class PaymentNotFound(NotFound):
    """The shop has no attempt under this number."""

    code = "payment_not_found"
    message = "支付单不存在"


def start(*, order_no: str, at: datetime) -> dict[str, str] | Transaction:
    """Return the arguments of wx.requestPayment for an unpaid order, or the payment WeChat has of it already.

    The attempt is committed before WeChat hears of it, so that whatever happens its number is known. Asking
    again gives the same attempt. The shopper's network address is not sent: it changes between two calls, and
    WeChat refuses a known number with other parameters.
    Source: 微信支付 JSAPI/小程序下单.

    Raises NotFound, OrderNotPayable, OrderExpired, and WechatUnavailable, after which the order is as payable
    as before.
    """
    transactions.forbid("asking WeChat Pay for a prepay_id")
    for _ in range(_ROUNDS):
        attempt = _open_attempt(order_no=order_no, at=at)
        prepay_id = attempt.prepay_id if at < attempt.started_at + _PREPAY_GOOD_FOR else ""
        if not prepay_id:
            try:
                prepay_id = _announce(attempt)
            except wechat_errors.PayRefused as refusal:
                paid = _learn_from_refusal(attempt, refusal, at=at)
                if paid is not None:
                    return paid
                continue
            _keep_prepay_id(attempt, prepay_id=prepay_id, at=at)
        return client.sign_for_client(prepay_id, at=at)
    raise wechat_errors.WechatBadAnswer("prepay refused for a fresh number")


def close_open_attempt(*, order_no: str, at: datetime) -> Transaction | None:
    """Make sure at WeChat that the order cannot be paid any more; return the payment if it has been paid.

    None says that no attempt is open now. What is held for the order may then be released, in a transaction
    that locks the order and finds it UNPAID and without an open attempt (``selectors.has_open_attempt``):
    the shopper may have pressed "pay" again in between.
    Raises WechatUnavailable when the outcome is unknown: nothing may be released then.
    """
    transactions.forbid("closing a payment at WeChat")
    attempt = (
        Payment.objects.filter(order__order_no=order_no, status=PaymentStatus.OPEN)
        .select_related("order")
        .first()
    )
    if attempt is None:
        return None
    paid = _close_at_wechat(attempt)
    if paid is None:
        close_attempt(payment_no=attempt.payment_no, at=at)
    return paid


def close_attempt(*, payment_no: str, at: datetime) -> None:
    """Write down that an attempt is closed at WeChat. Content when it is closed or captured already."""
    with transaction.atomic():
        attempt = locked(payment_no=payment_no)
        if attempt.status != PaymentStatus.OPEN:
            return
        attempt.status = PAYMENT_LIFECYCLE.target(move="close", current=attempt.status)
        attempt.closed_at = at
        attempt.save(update_fields=["status", "closed_at"])


def claim_query(*, attempt: Payment, at: datetime) -> bool:
    """Take it upon oneself to ask WeChat about an attempt; False if somebody else was quicker."""
    return bool(
        Payment.objects.filter(pk=attempt.pk, queried_at=attempt.queried_at).update(queried_at=at)
        if attempt.queried_at is not None
        else Payment.objects.filter(pk=attempt.pk, queried_at__isnull=True).update(queried_at=at)
    )


def locked(*, payment_no: str) -> Payment:
    """Return the attempt with its order, both locked, the order first. Raises PaymentNotFound."""
    transactions.require()
    order_no = Payment.objects.filter(payment_no=payment_no).values_list("order__order_no", flat=True).first()
    if order_no is None:
        raise PaymentNotFound
    order = orders.lock(order_no=order_no)
    attempt = Payment.objects.select_for_update(no_key=True).get(payment_no=payment_no)
    attempt.order = order
    return attempt


def _open_attempt(*, order_no: str, at: datetime) -> Payment:
    """Return the order's open attempt, a new one if there is none; committed when this returns."""
    with transaction.atomic():
        order = orders.lock(order_no=order_no)
        if order.status != Status.UNPAID or order.due_fen == 0:
            raise OrderNotPayable
        if order.expires_at - at < LEAST_TIME_TO_PAY:
            raise OrderExpired
        attempt = Payment.objects.filter(order=order, status=PaymentStatus.OPEN).first()
        if attempt is None:
            attempt = Payment.objects.create(
                payment_no=numbers.dated("PY", at=at),
                order=order,
                amount_fen=order.due_fen,
                started_at=at,
                expires_at=order.expires_at,
            )
        attempt.order = order
        return attempt


def _announce(attempt: Payment) -> str:
    """Ask WeChat for a prepay_id; every parameter is frozen, so that the same number says the same."""
    titles = attempt.order.lines.values_list("title", flat=True)
    return client.prepay(
        out_trade_no=attempt.payment_no,
        description=titles.first() or attempt.order.order_no,
        amount_fen=attempt.amount_fen,
        openid=attempt.order.member.openid,
        expires_at=attempt.expires_at,
        notify_url=f"{settings.PUBLIC_BASE_URL}{_NOTIFY_PATH}",
    )


def _learn_from_refusal(
    attempt: Payment, refusal: wechat_errors.PayRefused, *, at: datetime
) -> Transaction | None:
    """Return the payment if WeChat has one under the number, else see to it that the number is closed.

    Raises WechatUnavailable when the refusal is not about the number: a new number would be refused as well.
    """
    about_the_number = (
        wechat_errors.AlreadyPaid,
        wechat_errors.PayOrderClosed,
        wechat_errors.PayNumberUsed,
    )
    if not isinstance(refusal, about_the_number):
        log.error("prepay_refused", payment_no=attempt.payment_no, errcode=str(refusal.errcode))
        raise wechat_errors.WechatBadAnswer("prepay refused") from refusal
    paid = _close_at_wechat(attempt)
    if paid is None:
        close_attempt(payment_no=attempt.payment_no, at=at)
    return paid


def _keep_prepay_id(attempt: Payment, *, prepay_id: str, at: datetime) -> None:
    """Store the prepay_id, unless the attempt was closed while WeChat was thinking: then it must not be paid."""
    kept = Payment.objects.filter(pk=attempt.pk, status=PaymentStatus.OPEN).update(prepay_id=prepay_id)
    if kept:
        return
    # Whoever closed it may have found nothing at WeChat, because our prepay arrived only afterwards.
    _close_at_wechat(attempt)
    raise OrderNotPayable


def _close_at_wechat(attempt: Payment) -> Transaction | None:
    """Close the number at WeChat; return its payment if it was paid. Raises WechatUnavailable."""
    try:
        client.close(out_trade_no=attempt.payment_no)
    except wechat_errors.PayOrderNotFound:
        return None
    except wechat_errors.PayRefused:
        return _ask_why_not_closed(attempt)
    return None


def _ask_why_not_closed(attempt: Payment) -> Transaction | None:
    """After a refused close: return the payment, None if it is closed after all, else raise."""
    told = client.query(out_trade_no=attempt.payment_no)
    if told.is_paid:
        return told
    if told.trade_state in {"CLOSED", "REVOKED"}:
        return None
    raise wechat_errors.WechatBadAnswer("close refused though unpaid")
