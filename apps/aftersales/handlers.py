"""What after-sales does about news."""

from __future__ import annotations

from datetime import datetime

from apps.aftersales import services as aftersales
from apps.payments import selectors as payment_facts
from mall.events import ConsoleRefunded


def refund_on_console_refunded(event: ConsoleRefunded, *, at: datetime) -> None:
    """An order whose money went back by WeChat's merchant console is refunded, so that nobody ships it."""
    if order_no := payment_facts.order_paid_by(payment_no=event.payment_no):
        aftersales.refund_as_console_did(order_no=order_no, at=at)
