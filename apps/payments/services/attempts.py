"""Attempts to pay: one open attempt per bill, announced to WeChat outside of any transaction, closed before goods go.

What a bill is for is not known here: the counter tells it. Rows are locked in one order everywhere: what is owed (an
order, a recharge), by the caller; then its payments; then what it takes (stock, an account).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import orjson
import structlog
from django.conf import settings
from django.db import connection, transaction

from apps.base import numbers, planned, statements, transactions
from apps.orders.models import Order
from apps.payments.models import Payment
from apps.payments.states import PAYMENT_LIFECYCLE, PaymentStatus
from apps.wechat import errors as wechat_errors
from apps.wechat.pay import client
from apps.wechat.pay.client import Transaction
from mall.errors import Kind, NotFound, ShopError

log = structlog.get_logger(__name__)

# WeChat wants time_expire at least a minute ahead; the rest is for typing a password.
LEAST_TIME_TO_PAY = timedelta(seconds=90)
_LOCK: Final = statements.Select(
    lambda payment_no: (
        Payment.objects.select_for_update(no_key=True).filter(payment_no=payment_no).order_by()
    ),
    payment_no=str,
)
# What is read of an attempt and of its order when money comes; the rest is there for whoever asks for it.
_OF_ATTEMPT: Final = (
    *("id", "payment_no", "bill_kind", "bill_no", "order_id", "status", "amount_fen", "transaction_id"),
    *("captured_fen", "refunded_fen", "captured_at", "is_surplus", "surplus_reason"),
)
_OF_ORDER: Final = (
    *("id", "order_no", "member_id", "status", "payable_fen", "balance_fen", "points_used", "awaits_goods"),
    *("virtual", "created_at", "expires_at", "applied", "gifts", "activity", "delivery"),
)
_DOCUMENTS: Final = ("applied", "gifts", "activity", "delivery")
# The order before its payment, as everybody locks them, and in a hurry before either.
_LOCK_WITH_ORDER: Final = f"""
    SELECT {", ".join(f"payments_payment.{name}" for name in _OF_ATTEMPT)},
           {", ".join(f"orders_order.{name}" for name in _OF_ORDER)}
      FROM payments_payment
      JOIN orders_order ON orders_order.id = payments_payment.order_id
                       AND orders_order.order_no = payments_payment.bill_no
     WHERE payments_payment.payment_no = %s AND (SELECT ROW({transactions.HURRY}) IS NOT NULL)
       FOR NO KEY UPDATE OF orders_order, payments_payment
"""  # noqa: S608 -- names of our own
_COLUMNS: Final = [field.attname for field in Payment._meta.concrete_fields]
# A new attempt, or the open one that the bill has: of two at once the second waits for the first, and presses it again.
_OPEN: Final = f"""
    INSERT INTO payments_payment AS payment
           (payment_no, bill_kind, bill_no, order_id, status, amount_fen, prepay_id, captured_fen, refunded_fen,
            is_surplus, surplus_reason, started_at, pressed_at, expires_at)
    VALUES (%(payment_no)s, %(bill_kind)s, %(bill_no)s, %(order_id)s::bigint, 'OPEN', %(amount_fen)s, '', 0, 0,
            false, '', %(at)s, %(at)s, %(expires_at)s)
    ON CONFLICT (bill_kind, bill_no) WHERE status = 'OPEN' DO UPDATE SET pressed_at = excluded.pressed_at
    RETURNING {", ".join(_COLUMNS)}
"""  # noqa: S608 -- names of our own
_KEEP_PREPAY_ID: Final = (
    "UPDATE payments_payment SET prepay_id = %s WHERE id = %s AND status = 'OPEN' RETURNING id"
)
# WeChat's prepay_id lives two hours; an older one is asked for again under the same number.
_PREPAY_GOOD_FOR = timedelta(minutes=110)
_NOTIFY_PATH = "/wechat/pay/notify"
# A number that WeChat will not take any more is replaced once; twice in a row is WeChat's fault, not ours.
_ROUNDS = 2


class NotPayable(ShopError):
    """The bill is paid, given up or refunded: there is nothing to pay. Each kind of bill has its own words for it."""

    code = "bill_not_payable"
    message = "当前状态无需支付"
    kind = Kind.CONFLICT


class PaymentExpired(ShopError):
    """So little time is left that WeChat would refuse the payment, or the shopper could not finish it."""

    code = "bill_expired"
    message = "已超过支付时间"
    kind = Kind.CONFLICT


class PaymentNotFound(NotFound):
    """The shop has no attempt under this number."""

    code = "payment_not_found"
    message = "支付单不存在"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What WeChat is asked to collect, and the words for "no". All is frozen: the same number must always say the same.

    ``order`` is set where it is a bill of an order. ``to_the_end``: it may be paid as long as there is any time, though
    WeChat takes no shorter one than ``LEAST_TIME_TO_PAY``: whoever asks closes it in time, and gives back what is late.
    """

    kind: str
    no: str
    amount_fen: int
    openid: str
    description: str
    expires_at: datetime
    order: Order | None = None
    to_the_end: bool = False
    not_payable: type[ShopError] = NotPayable
    expired: type[ShopError] = PaymentExpired


def start(*, ask: Callable[[], Bill], at: datetime) -> dict[str, str] | Transaction:
    """Return the arguments of wx.requestPayment for what ``ask`` says is owed, or the payment WeChat has of it already.

    ``ask`` is called in the transaction that writes the attempt: it locks what is owed, and raises where nothing is
    to be paid. The attempt is committed before WeChat hears of it, so that whatever happens its number is known.
    Asking again gives the same attempt. The shopper's network address is not sent: it changes between two calls, and
    WeChat refuses a known number with other parameters.
    Source: 微信支付 JSAPI/小程序下单.

    Raises what ``ask`` raises, the bill's ``not_payable`` and ``expired``, and WechatUnavailable, after which all is
    as payable as before.
    """
    transactions.forbid("asking WeChat Pay for a prepay_id")
    for _ in range(_ROUNDS):
        attempt, bill = _open_attempt(ask, at=at)
        prepay_id = attempt.prepay_id if at < attempt.started_at + _PREPAY_GOOD_FOR else ""
        if not prepay_id:
            try:
                prepay_id = _announce(attempt, bill)
            except wechat_errors.PayRefused as refusal:
                paid = _learn_from_refusal(attempt, refusal, at=at)
                if paid is not None:
                    return paid
                continue
            _keep_prepay_id(attempt, bill, prepay_id=prepay_id)
        return client.sign_for_client(prepay_id, at=at)
    raise wechat_errors.WechatBadAnswer("prepay refused for a fresh number")


def close_open(attempts: Iterable[Payment], *, at: datetime) -> list[Transaction]:
    """Make sure at WeChat that the open ones among these attempts cannot be paid any more; return those that were paid.

    An empty list says that none is open now. What is held may then be released, in a transaction that locks what
    was owed, and finds it unpaid and without an open attempt: the shopper may have pressed "pay" again in between.
    Raises WechatUnavailable when the outcome is unknown: nothing may be released then.
    """
    transactions.forbid("closing a payment at WeChat")
    told: list[Transaction] = []
    for attempt in attempts:
        if attempt.status != PaymentStatus.OPEN:
            continue
        paid = _close_at_wechat(attempt)
        if paid is None:
            close_attempt(payment_no=attempt.payment_no, at=at)
        else:
            told.append(paid)
    return told


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
    """Return the attempt, locked; what it is for was locked before by whoever decides by that. Raises PaymentNotFound."""
    transactions.require()
    attempt = _LOCK.first(payment_no=payment_no)
    if attempt is None:
        raise PaymentNotFound
    return attempt


def locked_with_order(*, payment_no: str) -> Payment | None:
    """The attempt with the ``order`` that its bill is, both locked: one statement. The transaction is ``hurried`` by it.

    None, with nothing locked, where there is no such attempt, or its bill is something else than an order.
    """
    transactions.require()
    found = planned.rows(_LOCK_WITH_ORDER, [payment_no])
    if not found:
        return None
    attempt = statements.known(Payment, _OF_ATTEMPT, found[0][: len(_OF_ATTEMPT)])
    order = statements.known(Order, _OF_ORDER, found[0][len(_OF_ATTEMPT) :])
    for name in _DOCUMENTS:
        if (told := order.__dict__[name]) is not None:
            order.__dict__[name] = orjson.loads(told)
    attempt.order = order
    return attempt


def _open_attempt(ask: Callable[[], Bill], *, at: datetime) -> tuple[Payment, Bill]:
    """Return the bill's open attempt, a new one if there is none; committed when this returns."""
    with transaction.atomic():
        bill = ask()
        least = timedelta(0) if bill.to_the_end else LEAST_TIME_TO_PAY
        if at >= bill.expires_at or bill.expires_at - at < least:
            raise bill.expired
        told = {
            "bill_kind": bill.kind,
            "bill_no": bill.no,
            "payment_no": numbers.dated("PY", at=at),
            "order_id": bill.order.pk if bill.order else None,
            "amount_fen": bill.amount_fen,
            "at": at,
            "expires_at": max(bill.expires_at, at + LEAST_TIME_TO_PAY),
        }
        return Payment.from_db(connection.alias, _COLUMNS, planned.row(_OPEN, told)), bill


def _announce(attempt: Payment, bill: Bill) -> str:
    """Ask WeChat for a prepay_id; every parameter is frozen, so that the same number says the same."""
    return client.prepay(
        out_trade_no=attempt.payment_no,
        description=bill.description,
        amount_fen=attempt.amount_fen,
        openid=bill.openid,
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
    is_known = isinstance(refusal, about_the_number) or (
        isinstance(refusal, wechat_errors.PayRequestInvalid) and _is_known_at_wechat(attempt)
    )
    if not is_known:
        log.error("prepay_refused", payment_no=attempt.payment_no, errcode=str(refusal.errcode))
        raise wechat_errors.WechatBadAnswer("prepay refused") from refusal
    paid = _close_at_wechat(attempt)
    if paid is None:
        close_attempt(payment_no=attempt.payment_no, at=at)
    return paid


def _is_known_at_wechat(attempt: Payment) -> bool:
    """Whether WeChat has the number: an attempt refused all the same was announced before, with other parameters."""
    try:
        client.query(out_trade_no=attempt.payment_no)
    except wechat_errors.PayOrderNotFound:
        return False
    return True


def _keep_prepay_id(attempt: Payment, bill: Bill, *, prepay_id: str) -> None:
    """Store the prepay_id, unless the attempt was closed while WeChat was thinking: then it must not be paid."""
    if planned.rows(_KEEP_PREPAY_ID, [prepay_id, attempt.pk]):  # said twice it is said once
        return
    # Whoever closed it may have found nothing at WeChat, because our prepay arrived only afterwards.
    _close_at_wechat(attempt)
    raise bill.not_payable


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
