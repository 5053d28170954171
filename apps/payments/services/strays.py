"""Money under a number that is none of ours: written down as a payment of its own kind, so that it can go back."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from apps.base import transactions
from apps.payments.models import Payment
from apps.payments.services import captures
from apps.payments.states import STRAY, PaymentStatus, SurplusReason
from apps.wechat.pay.client import Transaction
from mall.errors import Kind, ShopError


class PaymentKnown(ShopError):
    """It is a payment of the shop's after all."""

    code = "payment_known"
    message = "商城已有这笔收款的支付单，请重新对账"
    kind = Kind.CONFLICT


def take(*, transaction: Transaction, at: datetime) -> Payment:
    """Write down, once, a payment that WeChat has and nobody here asked for; return it, locked.

    Inside the caller's transaction. It is surplus, which nothing gives back by itself; who paid it is not kept.
    Raises NotOurPayment (another merchant's, or another currency), NotPaidYet, PaymentKnown.
    """
    transactions.require()
    if transaction.mchid != settings.WECHATPAY_MCHID or (transaction.currency or "CNY") != "CNY":
        raise captures.NotOurPayment
    if not transaction.is_paid:
        raise captures.NotPaidYet
    number = transaction.out_trade_no
    paid_fen = transaction.amount_total_fen or 0
    with transactions.refine({"payment_transaction_once": PaymentKnown}):
        Payment.objects.get_or_create(
            payment_no=number,
            defaults={
                "bill_kind": STRAY,
                "bill_no": number,
                "status": PaymentStatus.CAPTURED,
                "amount_fen": paid_fen,
                "captured_fen": paid_fen,
                "transaction_id": transaction.transaction_id,
                "captured_at": transaction.success_time or at,
                "is_surplus": True,
                "surplus_reason": SurplusReason.STRAY,
                "started_at": at,
                "expires_at": at,
            },
        )
    payment = Payment.objects.select_for_update(no_key=True).get(payment_no=number)
    if (payment.bill_kind, payment.transaction_id) != (STRAY, transaction.transaction_id):
        raise PaymentKnown
    return payment
