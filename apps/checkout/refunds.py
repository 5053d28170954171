"""What shoppers see of their orders' refunds: the order knows what went back, payments know whether it arrived."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models

from apps.orders import selectors as orders
from apps.orders.models import Order
from apps.payments import selectors as payments
from apps.payments.models import Refund
from apps.payments.states import RefundStatus


class State(models.TextChoices):
    """How a refund stands for the shopper. One that WeChat refused is the shop's case and still under way."""

    PROCESSING = "PROCESSING", "退款中"
    SETTLED = "SETTLED", "已到账"


def shown_of(rows: Sequence[Order]) -> dict[int, list[dict[str, Any]]]:
    """The refunds of these orders as the API shows them, by order id, oldest first.

    At most two statements, and none where no order was paid: nothing was refunded then.
    """
    paid = [order.pk for order in rows if order.paid_at]
    if not paid:
        return {}
    made = orders.refunds_of(paid)
    asked = payments.refunds_by_cause(paid) if made else {}
    return {
        order_id: [_shown(row, asked.get(orders.refund_cause(row["refund_no"]), [])) for row in some]
        for order_id, some in made.items()
    }


def _shown(row: dict[str, Any], asked: Sequence[Refund]) -> dict[str, Any]:
    """What stored value got back is there at once; what WeChat returns, when it says so of the last part."""
    if row["wechat_fen"] == 0:
        state, settled_at = State.SETTLED, row["at"]
    elif asked and all(part.status == RefundStatus.SETTLED for part in asked):
        state = State.SETTLED
        settled_at = max(part.settled_at for part in asked if part.settled_at)
    else:
        state, settled_at = State.PROCESSING, None
    return {
        **row,
        "amount_fen": row["goods_fen"] + row["shipping_fen"],
        "status": state,
        "status_text": state.label,
        "points": row["points_back"],
        "created_at": row["at"],
        "settled_at": settled_at,
    }
