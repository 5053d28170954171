"""What is true of a refund when its member is told that the money is back."""

from __future__ import annotations

from datetime import datetime

from apps.messaging.board import Facts
from apps.payments.models import Refund
from apps.payments.states import ARRIVED


def refunded(*, subject: str, member_id: int, at: datetime) -> Facts | None:
    """The refund of an order by its number; it has arrived, which is never untrue again."""
    refund = (
        Refund.objects.select_related("payment__order")
        .filter(refund_no=subject, status__in=ARRIVED, payment__order__member_id=member_id)
        .first()
    )
    if refund is None or refund.payment.order is None or refund.settled_at is None:
        return None
    return Facts(
        values={
            "order_no": refund.payment.order.order_no,
            "refund_no": refund.refund_no,
            "amount": refund.amount_fen,
            "cause": refund.reason or "退款",
            "refunded_at": refund.settled_at,
        }
    )
