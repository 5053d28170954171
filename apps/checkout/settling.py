"""After WeChat was told of a delivery: whether it keeps it, what it says of the money, and its complaints.

The counter alone knows which payment a bill had.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import structlog

from apps.base import transactions
from apps.deadlines.services import fixing
from apps.fulfillment.services import verifying
from apps.payments import selectors as payment_facts
from apps.wechat.errors import WechatRefused, WechatUnavailable

log = structlog.get_logger(__name__)

# 小程序 发货信息管理服务: pushed when an order is shipped, and again when it is confirmed and settled.
SETTLEMENT: Final = "trade_manage_order_settlement"
# Pushed of what was not sent 48 hours after it was paid.
REMINDER: Final = "trade_manage_remind_shipping"
HEARD: Final = frozenset({SETTLEMENT, REMINDER})
# After so many questions in a row without an answer a sweep leaves WeChat alone until the next.
_PATIENCE: Final = 3


def verify_uploads(*, at: datetime, limit: int = 50) -> int:
    """Ask WeChat what it keeps of uploads that are to be verified, ``limit`` a ring; return how many were asked about."""
    transactions.forbid("asking WeChat what it keeps")
    unanswered = 0
    for asked in range(limit):
        due = verifying.take_due(at=at) if unanswered < _PATIENCE else None
        if due is None:
            return asked
        payment = payment_facts.captured_for(bill_kind=due.bill_kind, bill_no=due.bill_no)
        try:
            if payment is None or payment.transaction_id is None:
                verifying.give_up(upload_id=due.upload_id)
            else:
                verifying.verify(upload_id=due.upload_id, transaction_id=payment.transaction_id, at=at)
                unanswered = 0
        except WechatUnavailable as trouble:
            unanswered += 1
            log.warning("upload_unverified", name=due.bill_no, error=type(trouble).__name__)
        except WechatRefused as refused:
            log.warning("upload_unverified", name=due.bill_no, error=str(refused.errcode))
            verifying.give_up(upload_id=due.upload_id)
    return limit


def hear(*, kind: str, said: Mapping[str, Any], at: datetime) -> bool:
    """Keep what a push says of one of the shop's payments; say whether it is one. What is not ours is left alone."""
    number = said.get("transaction_id")
    payment = payment_facts.captured_as(transaction_id=number) if isinstance(number, str) and number else None
    if payment is None:
        return False
    if kind == SETTLEMENT:
        return verifying.note_settlement(
            bill_kind=payment.bill_kind, bill_no=payment.bill_no, said=dict(said)
        )
    return payment.order is not None and fixing.note_reminded(order_no=payment.order.order_no, at=at)
