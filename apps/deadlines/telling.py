"""What is true of an order that cannot leave as promised, when its buyer is told of it."""

from __future__ import annotations

from datetime import datetime

from apps.deadlines.models import Delay
from apps.deadlines.states import DelayStatus
from apps.messaging.board import Facts
from apps.orders import telling


def delayed(*, subject: str, member_id: int, at: datetime) -> Facts | None:
    """The open delay of an order by the order's number; worth telling until it is to be answered."""
    row = (
        Delay.objects.select_related("order")
        .filter(
            order__order_no=subject,
            order__member_id=member_id,
            status=DelayStatus.ASKED,
            answer_until__gt=at,
        )
        .first()
    )
    if row is None:
        return None
    return Facts(
        values={
            "order_no": row.order.order_no,
            "goods": telling.goods_of(row.order),
            "reason": row.get_reason_display(),
            "ship_by": row.promised_at,
            "answer_until": row.answer_until,
            "choices": "等待、换货或退款" if row.offers.exists() else "等待或退款",
        },
        until=row.answer_until,
    )
