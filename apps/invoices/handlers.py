"""What invoices do about news: a refund makes them say less, or takes them back."""

from __future__ import annotations

from datetime import datetime

from apps.invoices import services as invoices
from apps.payments import selectors as payment_facts
from mall.events import ConsoleRefunded, OrderRefunded


def follow_on_order_refunded(event: OrderRefunded, *, at: datetime) -> None:
    """The order's invoice says what is left, or its red letter is due."""
    invoices.follow_refund(order_no=event.order_no, at=at)


def follow_on_console_refunded(event: ConsoleRefunded, *, at: datetime) -> None:
    """Likewise where the money went back by WeChat's merchant console."""
    if order_no := payment_facts.order_paid_by(payment_no=event.payment_no):
        invoices.follow_refund(order_no=order_no, at=at)
