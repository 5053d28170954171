"""Captures: what WeChat says was paid becomes a fact of the shop, once, and is either used or surplus."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

import structlog
from django.conf import settings

from apps.base import planned, transactions
from apps.base.clauses import Clause, Part
from apps.orders.models import Order
from apps.outbox import services as outbox
from apps.payments.models import Payment
from apps.payments.services import attempts, giving_back, notifications
from apps.payments.states import PAYMENT_LIFECYCLE, PaymentStatus, SurplusReason
from apps.wechat.pay.client import Transaction
from mall import events
from mall.errors import Kind, ShopError

log = structlog.get_logger(__name__)
_CAPTURED: Final = (
    "status",
    "transaction_id",
    "captured_fen",
    "refunded_fen",
    "captured_at",
    "is_surplus",
    "surplus_reason",
)
_CAPTURE: Final = f"""
    UPDATE payments_payment SET {", ".join(f"{name} = %({name})s" for name in _CAPTURED)} WHERE id = %(id)s
"""  # noqa: S608 -- names of our own
# Nothing of it ever went back, as of nearly every payment. The payment is locked, so that nobody writes a refund meanwhile.
_CAPTURE_WHOLE: Final = f"""
    {_CAPTURE} AND NOT EXISTS (SELECT 1 FROM payments_refund WHERE payment_id = %(id)s) RETURNING id
"""  # noqa: S608 -- a text of our own
_HEARD: Final = f"WITH heard AS ({notifications.HANDLED}) {_CAPTURE_WHOLE}"
# What nearly every payment is: the only attempt of its bill, of which nothing ever went back.
_CAPTURING: Final = Part(
    f"""
    payment_captured AS (
        UPDATE payments_payment
           SET status = '{PaymentStatus.CAPTURED}', transaction_id = {{transaction_id}},
               captured_fen = {{captured_fen}}, captured_at = {{captured_at}}
         WHERE id = {{payment_id}} AND {{after}}
           AND NOT EXISTS (SELECT FROM payments_refund WHERE payment_id = {{payment_id}})
        RETURNING id
    )
    """,  # noqa: S608 -- words of our own
    done="EXISTS (SELECT FROM payment_captured)",
    answers=("EXISTS (SELECT FROM payment_captured)",),
    types={
        "payment_id": "bigint",
        "transaction_id": "text",
        "captured_fen": "bigint",
        "captured_at": "timestamptz",
    },
)
_NOTHING_BACK: Final = giving_back.Before(0, 0)
_BILL_OF: Final = (
    f"SELECT bill_kind, bill_no, {transactions.HURRY} FROM payments_payment WHERE payment_no = %s"  # noqa: S608 -- ours
)


class NotOurPayment(ShopError):
    """Another merchant, another mini program or another currency: signed by WeChat, but not about this shop."""

    code = "payment_not_ours"
    message = "收款主体或币种不符"
    kind = Kind.INVALID


class AmountDoubtful(ShopError):
    """A notification names another amount than was asked for; only a query of ours may be believed on that."""

    code = "payment_amount_doubtful"
    message = "通知金额与应付金额不符，待向微信核实"
    kind = Kind.CONFLICT


class TransactionConflict(ShopError):
    """The attempt is captured under another transaction id, or the id belongs to another attempt."""

    code = "payment_transaction_conflict"
    message = "微信支付单号与已有记录冲突"
    kind = Kind.CONFLICT


class NotPaidYet(ShopError):
    """WeChat says that nobody paid: there is nothing to settle."""

    code = "payment_not_paid"
    message = "微信侧尚未支付"
    kind = Kind.CONFLICT


class NotUsual(ShopError):
    """What WeChat states is not the usual case of ``capturing``: ``settle`` knows what it is."""

    code = "payment_not_usual"


class Outcome(StrEnum):
    """What a payment turned out to be."""

    USED = "used"
    ALREADY = "already"
    SURPLUS = "surplus"


@dataclass(frozen=True)
class Settlement:
    """The attempt after settling, and what the payment turned out to be."""

    outcome: Outcome
    payment: Payment


class WhyNot(Protocol):
    """Locks what a bill is for, and says why that can take no money paid at that moment, None if it can.

    ``order`` is the order that the bill is, where it is locked already.
    """

    def __call__(
        self, bill_kind: str, bill_no: str, /, *, order: Order | None, paid_at: datetime
    ) -> SurplusReason | None: ...


def settle(
    *,
    transaction: Transaction,
    why_not: WhyNot,
    at: datetime,
    from_query: bool = False,
    notification_id: int | None = None,
) -> Settlement:
    """Write down a payment that WeChat states, inside the caller's transaction, which is ``hurried`` from then on.

    ``why_not`` is asked first, so that what was owed is locked before its payment; it hears when WeChat says that it was
    paid (``success_time``), which decides whether that was in time, and not when the shop heard of it. USED: the caller
    does what being paid means in the same transaction. ALREADY: known, nothing changed. SURPLUS: nothing can use it
    (given up, paid otherwise or too late, wrong amount); it is announced and goes back whole.
    An attempt that we had closed still pays its bill while that waits for money: money is never sent back for
    our own book-keeping. The bill is paid when ``amount.total`` is what was asked; ``payer_total`` may be
    less by WeChat's own coupons. ``from_query`` says that the statement answers a question of ours: only
    then is another amount believed. ``notification_id`` is the kept notification that told of it, which is marked as
    handled with what it is booked by; of one that is ALREADY known nothing is written.

    Raises NotOurPayment, NotPaidYet, PaymentNotFound, TransactionConflict, AmountDoubtful, and what ``why_not`` raises.
    """
    payment, reason = _claimed(transaction, why_not, at=at)
    if payment.status == PaymentStatus.CAPTURED:
        if payment.transaction_id != transaction.transaction_id:
            raise TransactionConflict
        return Settlement(Outcome.ALREADY, payment)
    if transaction.amount_total_fen != payment.amount_fen and not from_query:
        raise AmountDoubtful
    surplus = _capture(payment, transaction, reason, notification_id=notification_id, at=at)
    if surplus is None:
        return Settlement(Outcome.USED, payment)
    log.warning("surplus_captured", payment_no=payment.payment_no, reason=surplus.value)
    outbox.publish(events.SurplusCaptured(payment_no=payment.payment_no), at=at)
    return Settlement(Outcome.SURPLUS, payment)


def capturing(*, transaction: Transaction, why_not: WhyNot, at: datetime) -> tuple[Payment, Clause]:
    """The attempt, locked as by ``settle``, and the clause that books the money where its bill can use it.

    Raises NotUsual, with nothing written, in whatever other case, the clause where money went back already; and what
    ``settle`` raises, but for TransactionConflict: that is an IntegrityError of the clause.
    """
    payment, reason = _claimed(transaction, why_not, at=at)
    if payment.status == PaymentStatus.CAPTURED or _why_surplus(payment, transaction, reason, console_fen=0):
        raise NotUsual
    PAYMENT_LIFECYCLE.target(move="capture", current=payment.status)
    told = {
        "payment_id": payment.pk,
        "transaction_id": transaction.transaction_id,
        "captured_fen": transaction.amount_total_fen,
        "captured_at": transaction.success_time or at,
    }

    def settle(captured: bool) -> bool:
        if not captured:
            raise NotUsual
        return True

    return payment, Clause(_CAPTURING, told, settle)


def _claimed(
    transaction: Transaction, why_not: WhyNot, *, at: datetime
) -> tuple[Payment, SurplusReason | None]:
    """The attempt that WeChat states, locked behind what is owed, and why that cannot take money."""
    transactions.require()
    _require_ours(transaction)
    number = transaction.out_trade_no
    paid_at = transaction.success_time or at
    if payment := attempts.locked_with_order(payment_no=number):
        return payment, why_not(payment.bill_kind, payment.bill_no, order=payment.order, paid_at=paid_at)
    found = planned.rows(_BILL_OF, [number])
    if not found:
        raise attempts.PaymentNotFound
    bill_kind, bill_no, *_ = found[0]
    reason = why_not(bill_kind, bill_no, order=None, paid_at=paid_at)
    return attempts.locked(payment_no=number), reason


def _require_ours(transaction: Transaction) -> None:
    if transaction.mchid != settings.WECHATPAY_MCHID or transaction.appid != settings.WECHAT_APPID:
        raise NotOurPayment
    if not transaction.is_paid:
        raise NotPaidYet
    if transaction.currency != "CNY":
        raise NotOurPayment


def _why_surplus(
    payment: Payment, transaction: Transaction, why_not: SurplusReason | None, *, console_fen: int
) -> SurplusReason | None:
    """Return why what was to be paid cannot use this money, None if it can."""
    if transaction.amount_total_fen != payment.amount_fen:
        return SurplusReason.AMOUNT
    refunded = transaction.trade_state == "REFUND" or console_fen
    if why_not is None and refunded:
        # Somebody refunded in the merchant console before the shop heard of the payment: a notification repeats what
        # was true when it was written, so that our own rows count as much as what it says.
        return SurplusReason.REFUNDED
    return why_not


def _capture(
    payment: Payment,
    transaction: Transaction,
    why_not: SurplusReason | None,
    *,
    notification_id: int | None,
    at: datetime,
) -> SurplusReason | None:
    """Book the money on the locked attempt; return why nothing can use it, None if something can."""
    payment.status = PAYMENT_LIFECYCLE.target(move="capture", current=payment.status)
    payment.transaction_id = transaction.transaction_id
    payment.captured_fen = transaction.amount_total_fen or 0
    payment.captured_at = transaction.success_time or at
    text = _HEARD if notification_id else _CAPTURE_WHOLE
    said = {"at": at, "notification_id": notification_id} if notification_id else {}
    surplus = _judge(payment, transaction, why_not, _NOTHING_BACK)
    if not _written(text, payment, **said):
        surplus = _judge(payment, transaction, why_not, giving_back.before_capture(payment))
        _written(_CAPTURE, payment)
    return surplus


def _judge(
    payment: Payment, transaction: Transaction, why_not: SurplusReason | None, before: giving_back.Before
) -> SurplusReason | None:
    """Put on the attempt what the money is by what went back before; return why nothing can use it."""
    surplus = _why_surplus(payment, transaction, why_not, console_fen=before.console_fen)
    payment.is_surplus = surplus is not None
    payment.surplus_reason = surplus or ""
    # What the merchant console gave back before the payment was heard of counts from now on.
    payment.refunded_fen = before.arrived_fen
    return surplus


def _written(text: str, payment: Payment, **said: Any) -> bool:
    told = {name: getattr(payment, name) for name in _CAPTURED} | {
        "status": str(payment.status),
        "id": payment.pk,
    }
    with transactions.refine({"payment_transaction_once": TransactionConflict}, savepoint=False):
        return bool(planned.rows(text, told | said))
