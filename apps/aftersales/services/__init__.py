"""What writes after-sales: refunds as ``aftersales.refund(...)``, applications by the module of each act.

``applying`` (the shopper), ``deciding``, ``returning``, ``sending``, ``paying_back`` (the shop), ``sweeping`` (the clock).
"""

from apps.aftersales.services.refunding import (
    NotWholeAnyMore,
    ReasonMissing,
    RefundChanged,
    RefundTokenReused,
    TwoPeopleNeeded,
    refund,
    refund_as_console_did,
    refund_price,
    refund_unfetched,
    refund_unshipped,
    return_price,
)

__all__ = [
    "NotWholeAnyMore",
    "ReasonMissing",
    "RefundChanged",
    "RefundTokenReused",
    "TwoPeopleNeeded",
    "refund",
    "refund_as_console_did",
    "refund_price",
    "refund_unfetched",
    "refund_unshipped",
    "return_price",
]
