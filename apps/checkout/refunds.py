"""What shoppers see of their orders' refunds: the order knows what went back, payments know whether it arrived."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apps.orders import selectors as order_facts
from apps.orders.models import Order
from apps.orders.states import Status
from apps.payments import selectors as payment_facts
from apps.payments.models import Refund
from apps.payments.states import ARRIVED, MoneyBack, RefundStatus, money_back


def shown_of(rows: Sequence[Order]) -> dict[int, list[dict[str, Any]]]:
    """The refunds of these orders as the API shows them, by order id, oldest first.

    At most two statements, and none where no order was paid: nothing was refunded then.
    """
    paid = [order.pk for order in rows if order.paid_at]
    if not paid:
        return {}
    made = order_facts.refunds_of(paid)
    asked = payment_facts.refunds_by_cause(paid) if made else {}
    return {
        order_id: [_shown(row, asked.get(order_facts.refund_cause(row["refund_no"]), [])) for row in some]
        for order_id, some in made.items()
    }


def order_text(order: Order, shown: Sequence[dict[str, Any]]) -> str:
    """How the order's status reads: a refunded one by its money, which may still be on the way or stuck."""
    if order.status != Status.REFUNDED:
        return str(Status(order.status).label)
    found = {row["status"] for row in shown}
    worst = next((state for state in (MoneyBack.FAILED, MoneyBack.PENDING) if state in found), MoneyBack.DONE)
    return str(worst.label)


def back_fen(shown: Sequence[dict[str, Any]]) -> int:
    """What has really gone back in these refunds."""
    return sum(row["back_fen"] for row in shown)


def _shown(row: dict[str, Any], asked: Sequence[Refund]) -> dict[str, Any]:
    """What stored value got back is there at once; what WeChat returns, when it says so of the last part.

    What of WeChat's part nobody was asked for had gone back by the merchant console before.
    """
    state = money_back(part.status for part in asked)
    done_at = None
    if state == MoneyBack.DONE:
        done_at = max((part.settled_at for part in asked if part.settled_at), default=row["at"])
    on_its_way_fen = sum(part.amount_fen for part in asked if part.status not in ARRIVED)
    amount_fen = row["goods_fen"] + row["shipping_fen"]
    return {
        **row,
        "amount_fen": amount_fen,
        "status": state,
        "status_text": _text(state, asked),
        "points": row["points_back"],
        "done_at": done_at,
        "back_fen": amount_fen - on_its_way_fen,
    }


def _text(state: MoneyBack, asked: Sequence[Refund]) -> str:
    """The state in the buyer's words; an end that WeChat had no part in is named."""
    ends = {part.status for part in asked}
    if state == MoneyBack.DONE and RefundStatus.PAID_OUTSIDE in ends:
        return "商家已线下退款"
    if state == MoneyBack.FAILED and ends <= {RefundStatus.WRITTEN_BACK, *ARRIVED}:
        return "退款已取消，如有疑问请联系商家"
    return str(state.label)
