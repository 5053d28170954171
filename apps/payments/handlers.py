"""What payments do about news."""

from __future__ import annotations

from datetime import datetime

from apps.messaging import services as messaging
from apps.payments import selectors as payment_facts
from apps.payments.services import giving_back
from mall import events


def refund_on_surplus_captured(event: events.SurplusCaptured, *, at: datetime) -> None:
    """Give back, once, what nothing can use."""
    giving_back.refund_surplus(payment_no=event.payment_no, at=at)


def tell_on_refund_settled(event: events.RefundSettled, *, at: datetime) -> None:
    """Tell the buyer that the money is back; what was paid for no order goes back without a word."""
    found = payment_facts.refunded_order_of(event.refund_no)
    if found is not None:
        member_id, order_no = found
        messaging.write(
            scene="refund_done",
            member_id=member_id,
            subject=event.refund_no,
            occasion=event.refund_no,
            order_no=order_no,
            at=at,
        )
