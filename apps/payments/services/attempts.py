"""Attempts to pay: one open attempt per order, announced to WeChat outside of any transaction, closed before goods go.

Rows are locked in one order everywhere: the order, then its payments, then stock (sorted by its service). A
recharge of stored value is paid in the same way; its row, which this room cannot see, is locked by the caller
before the payment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction

from apps.base import numbers, transactions
from apps.orders import services as orders
from apps.orders.models import Order
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


class RechargeNotPayable(ShopError):
    """The recharge is closed, refunded or paid already: there is nothing to pay."""

    code = "recharge_not_payable"
    message = "充值单当前状态无需支付"
    kind = Kind.CONFLICT


class RechargeExpired(ShopError):
    """So little time is left that WeChat would refuse the payment, or the shopper could not finish it."""

    code = "recharge_expired"
    message = "充值单已超过支付时间，请重新充值"
    kind = Kind.CONFLICT


class PaymentNotFound(NotFound):
    """The shop has no attempt under this number."""

    code = "payment_not_found"
    message = "支付单不存在"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What a recharge asks of WeChat. All of it is frozen: the same number must always say the same."""

    recharge_no: str
    amount_fen: int
    openid: str
    description: str
    expires_at: datetime


def start(*, order_no: str, at: datetime) -> dict[str, str] | Transaction:
    """Return the arguments of wx.requestPayment for an unpaid order, or the payment WeChat has of it already.

    The attempt is committed before WeChat hears of it, so that whatever happens its number is known. Asking
    again gives the same attempt. The shopper's network address is not sent: it changes between two calls, and
    WeChat refuses a known number with other parameters.
    Source: 微信支付 JSAPI/小程序下单.

    Raises NotFound, OrderNotPayable, OrderExpired, and WechatUnavailable, after which the order is as payable
    as before.
    """
    return _start(lambda: _attempt_for_order(order_no=order_no, at=at), at=at)


def start_recharge(*, bill: Callable[[], Bill], at: datetime) -> dict[str, str] | Transaction:
    """The same for a recharge. ``bill`` is called in the transaction that writes the attempt.

    It locks the recharge's row, says what is owed, and raises where nothing is to be paid. Raises what ``bill``
    raises, RechargeNotPayable, RechargeExpired, and WechatUnavailable.
    """
    return _start(lambda: _attempt_for_recharge(bill, at=at), at=at)


def _start(
    open_attempt: Callable[[], tuple[Payment, _Words]], *, at: datetime
) -> dict[str, str] | Transaction:
    transactions.forbid("asking WeChat Pay for a prepay_id")
    for _ in range(_ROUNDS):
        attempt, words = open_attempt()
        prepay_id = attempt.prepay_id if at < attempt.started_at + _PREPAY_GOOD_FOR else ""
        if not prepay_id:
            try:
                prepay_id = _announce(attempt, words)
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
    open_ones = Payment.objects.filter(order__order_no=order_no, status=PaymentStatus.OPEN)
    return _close(open_ones.select_related("order").first(), at=at)


def close_open_recharge_attempt(*, recharge_no: str, at: datetime) -> Transaction | None:
    """The same for a recharge: afterwards lock it, and look whether it is UNPAID and without an open attempt."""
    return _close(
        Payment.objects.filter(recharge_no=recharge_no, status=PaymentStatus.OPEN)
        .exclude(recharge_no="")
        .first(),
        at=at,
    )


def _close(attempt: Payment | None, *, at: datetime) -> Transaction | None:
    transactions.forbid("closing a payment at WeChat")
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
    """Return the attempt with its order, both locked, the order first. Raises PaymentNotFound.

    An attempt at a recharge is locked alone: who decides by the recharge has locked that before.
    """
    transactions.require()
    known = Payment.objects.filter(payment_no=payment_no).values_list("order__order_no", "recharge_no")
    found = known.first()
    if found is None:
        raise PaymentNotFound
    order_no, recharge_no = found
    order = None if recharge_no else orders.lock(order_no=order_no)
    attempt = Payment.objects.select_for_update(no_key=True).get(payment_no=payment_no)
    attempt.order = order
    return attempt


# Who pays, and what for, in WeChat's words: asked for only where WeChat has to be told.
_Words = Callable[[], tuple[str, str]]


def _attempt_for_recharge(bill: Callable[[], Bill], *, at: datetime) -> tuple[Payment, _Words]:
    """Return the recharge's open attempt, a new one if there is none; committed when this returns."""
    with transaction.atomic():
        owed = bill()
        if owed.expires_at - at < LEAST_TIME_TO_PAY:
            raise RechargeExpired
        open_ones = Payment.objects.filter(recharge_no=owed.recharge_no, status=PaymentStatus.OPEN)
        attempt = open_ones.exclude(recharge_no="").first()
        if attempt is None:
            attempt = Payment.objects.create(
                payment_no=numbers.dated("PY", at=at),
                recharge_no=owed.recharge_no,
                amount_fen=owed.amount_fen,
                started_at=at,
                expires_at=owed.expires_at,
            )
        return attempt, lambda: (owed.openid, owed.description)


def _attempt_for_order(*, order_no: str, at: datetime) -> tuple[Payment, _Words]:
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
        return attempt, lambda: _words_of(order)


def _words_of(order: Order) -> tuple[str, str]:
    titles = order.lines.values_list("title", flat=True)
    return order.member.openid, titles.first() or order.order_no


def _announce(attempt: Payment, words: _Words) -> str:
    """Ask WeChat for a prepay_id; every parameter is frozen, so that the same number says the same."""
    openid, description = words()
    return client.prepay(
        out_trade_no=attempt.payment_no,
        description=description,
        amount_fen=attempt.amount_fen,
        openid=openid,
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
    raise RechargeNotPayable if attempt.recharge_no else OrderNotPayable


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
