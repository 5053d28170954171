"""Everything that writes payments, one module per noun; what other rooms may call is named here."""

from apps.payments.services.attempts import (
    Bill,
    NotPayable,
    PaymentExpired,
    PaymentNotFound,
    close_open,
    start,
)
from apps.payments.services.captures import (
    AmountDoubtful,
    NotOurPayment,
    NotUsual,
    Outcome,
    Settlement,
    TransactionConflict,
    capturing,
    settle,
)
from apps.payments.services.giving_back import (
    NotRefundable,
    PaymentTooOld,
    RefundedTooOften,
    RefundKeyReused,
    RefundTooMuch,
    left_of_order,
    refund_order,
    request_refund,
)

__all__ = [
    "AmountDoubtful",
    "Bill",
    "NotOurPayment",
    "NotPayable",
    "NotRefundable",
    "NotUsual",
    "Outcome",
    "PaymentExpired",
    "PaymentNotFound",
    "PaymentTooOld",
    "RefundKeyReused",
    "RefundTooMuch",
    "RefundedTooOften",
    "Settlement",
    "TransactionConflict",
    "capturing",
    "close_open",
    "left_of_order",
    "refund_order",
    "request_refund",
    "settle",
    "start",
]
