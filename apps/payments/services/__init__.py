"""Everything that writes payments, one module per noun; what other rooms may call is named here."""

from apps.payments.services.attempts import (
    OrderExpired,
    OrderNotPayable,
    PaymentNotFound,
    close_open_attempt,
    start,
)
from apps.payments.services.captures import (
    AmountDoubtful,
    NotOurPayment,
    Outcome,
    Settlement,
    TransactionConflict,
    settle,
)
from apps.payments.services.refunds import NotRefundable, RefundKeyReused, RefundTooMuch, request_refund

__all__ = [
    "AmountDoubtful",
    "NotOurPayment",
    "NotRefundable",
    "OrderExpired",
    "OrderNotPayable",
    "Outcome",
    "PaymentNotFound",
    "RefundKeyReused",
    "RefundTooMuch",
    "Settlement",
    "TransactionConflict",
    "close_open_attempt",
    "request_refund",
    "settle",
    "start",
]
