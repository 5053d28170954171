"""Everything that writes payments, one module per noun; what other rooms may call is named here."""

from apps.payments.services.attempts import (
    Bill,
    OrderExpired,
    OrderNotPayable,
    PaymentNotFound,
    RechargeExpired,
    RechargeNotPayable,
    close_open_attempt,
    close_open_recharge_attempt,
    start,
    start_recharge,
)
from apps.payments.services.captures import (
    AmountDoubtful,
    NotOurPayment,
    Outcome,
    Settlement,
    TransactionConflict,
    settle,
    settle_recharge,
)
from apps.payments.services.refunds import NotRefundable, RefundKeyReused, RefundTooMuch, request_refund

__all__ = [
    "AmountDoubtful",
    "Bill",
    "NotOurPayment",
    "NotRefundable",
    "OrderExpired",
    "OrderNotPayable",
    "Outcome",
    "PaymentNotFound",
    "RechargeExpired",
    "RechargeNotPayable",
    "RefundKeyReused",
    "RefundTooMuch",
    "Settlement",
    "TransactionConflict",
    "close_open_attempt",
    "close_open_recharge_attempt",
    "request_refund",
    "settle",
    "settle_recharge",
    "start",
    "start_recharge",
]
