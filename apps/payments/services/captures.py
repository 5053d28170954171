"""Captures: what WeChat says was paid becomes a fact of the shop, once, and is either used or surplus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import structlog
from django.conf import settings

from apps.base import transactions
from apps.orders.states import Status
from apps.outbox import services as outbox
from apps.payments.models import Payment
from apps.payments.services import attempts
from apps.payments.states import PAYMENT_LIFECYCLE, PaymentStatus, SurplusReason
from apps.wechat.pay.client import Transaction
from mall import events
from mall.errors import Kind, ShopError

log = structlog.get_logger(__name__)


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


class Outcome(StrEnum):
    """What a payment turned out to be."""

    FOR_ORDER = "for_order"
    FOR_RECHARGE = "for_recharge"
    ALREADY = "already"
    SURPLUS = "surplus"


@dataclass(frozen=True)
class Settlement:
    """The attempt after settling, its order (if it is for one) locked beside it, and what the payment turned out to be."""

    outcome: Outcome
    payment: Payment


def settle(*, transaction: Transaction, at: datetime, from_query: bool = False) -> Settlement:
    """Write down a payment that WeChat states, inside the caller's transaction; the order is locked first.

    FOR_ORDER: the caller moves the order in the same transaction. ALREADY: known, nothing changed. SURPLUS: no
    order can use it (closed, paid otherwise, wrong amount); it is announced and goes back whole.
    An attempt that we had closed still pays its order while that is UNPAID: money is never sent back for
    our own book-keeping. The order is paid when ``amount.total`` is what was asked; ``payer_total`` may be
    less by WeChat's own coupons. ``from_query`` says that the statement answers a question of ours: only
    then is another amount believed.

    Raises NotOurPayment, NotPaidYet, PaymentNotFound, TransactionConflict, AmountDoubtful.
    """
    return _settle(transaction, at=at, from_query=from_query, why_not=_why_not_the_order)


def settle_recharge(
    *, transaction: Transaction, why_not: SurplusReason | None, at: datetime, from_query: bool = False
) -> Settlement:
    """The same for an attempt at a recharge, which the caller has locked before.

    ``why_not`` says why the recharge can take no money as it stands, None that it can: then the outcome is
    FOR_RECHARGE, and the caller books it in the same transaction. Raises what ``settle`` raises.
    """
    return _settle(transaction, at=at, from_query=from_query, why_not=lambda _: why_not)


def _settle(
    transaction: Transaction,
    *,
    at: datetime,
    from_query: bool,
    why_not: Callable[[Payment], SurplusReason | None],
) -> Settlement:
    transactions.require()
    _require_ours(transaction)
    payment = attempts.locked(payment_no=transaction.out_trade_no)
    if payment.status == PaymentStatus.CAPTURED:
        if payment.transaction_id != transaction.transaction_id:
            raise TransactionConflict
        return Settlement(Outcome.ALREADY, payment)
    if transaction.amount_total_fen != payment.amount_fen and not from_query:
        raise AmountDoubtful
    surplus = _why_surplus(payment, transaction, why_not=why_not)
    _capture(payment, transaction, surplus=surplus, at=at)
    if surplus is None:
        return Settlement(Outcome.FOR_RECHARGE if payment.recharge_no else Outcome.FOR_ORDER, payment)
    log.warning("surplus_captured", payment_no=payment.payment_no, reason=surplus.value)
    outbox.publish(events.SurplusCaptured(payment_no=payment.payment_no), at=at)
    return Settlement(Outcome.SURPLUS, payment)


def _require_ours(transaction: Transaction) -> None:
    if transaction.mchid != settings.WECHATPAY_MCHID or transaction.appid != settings.WECHAT_APPID:
        raise NotOurPayment
    if not transaction.is_paid:
        raise NotPaidYet
    if transaction.currency != "CNY":
        raise NotOurPayment


def _why_surplus(
    payment: Payment, transaction: Transaction, *, why_not: Callable[[Payment], SurplusReason | None]
) -> SurplusReason | None:
    """Return why what was to be paid cannot use this money, None if it can."""
    if transaction.amount_total_fen != payment.amount_fen:
        return SurplusReason.AMOUNT
    if reason := why_not(payment):
        return reason
    if transaction.trade_state == "REFUND":
        # Somebody refunded in the merchant console before the shop heard of the payment.
        return SurplusReason.REFUNDED
    return None


def _why_not_the_order(payment: Payment) -> SurplusReason | None:
    if payment.order is None:
        raise TypeError("an attempt at a recharge is settled by settle_recharge")
    if payment.order.status == Status.CLOSED:
        return SurplusReason.LATE
    return SurplusReason.DOUBLE if payment.order.status != Status.UNPAID else None


def _capture(
    payment: Payment, transaction: Transaction, *, surplus: SurplusReason | None, at: datetime
) -> None:
    payment.status = PAYMENT_LIFECYCLE.target(move="capture", current=payment.status)
    payment.transaction_id = transaction.transaction_id
    payment.captured_fen = transaction.amount_total_fen or 0
    payment.captured_at = transaction.success_time or at
    payment.is_surplus = surplus is not None
    payment.surplus_reason = surplus or ""
    with transactions.refine({"payments_payment_transaction_id_key": TransactionConflict}):
        payment.save(
            update_fields=[
                "status",
                "transaction_id",
                "captured_fen",
                "captured_at",
                "is_surplus",
                "surplus_reason",
            ]
        )
