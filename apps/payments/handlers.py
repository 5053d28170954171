"""What payments do about news."""

from __future__ import annotations

from datetime import datetime

from apps.payments.services import giving_back
from mall import events


def refund_on_surplus_captured(event: events.SurplusCaptured, *, at: datetime) -> None:
    """Give back, once, what nothing can use."""
    giving_back.refund_surplus(payment_no=event.payment_no, at=at)
