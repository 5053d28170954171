"""What shoppers see of their orders' refunds: the order knows what went back, payments know whether it arrived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from apps.orders import selectors as order_facts
from apps.orders.models import Order
from apps.orders.states import Status, status_reads
from apps.payments import selectors as payment_facts
from apps.payments.models import Refund
from apps.payments.selectors import Sent
from apps.payments.states import ARRIVED, MONEY_OF, VOID, MoneyBack, Origin, RefundStatus, money_back


def shown_of(rows: Sequence[Order]) -> dict[int, list[dict[str, Any]]]:
    """Everything that went back, or is going back, for these orders as the API shows it, by order id, oldest first.

    What after-sales refunded, and what went back to the payer beside it: a deposit, money that the order could not use,
    what the merchant console gave back by itself. One statement, two where anything was refunded after sale; the orders
    are read with their lines.
    """
    sent = payment_facts.refunds_of_orders([order.pk for order in rows])
    refunded = [order.pk for order in rows if _was_refunded(order)]
    made = order_facts.refunds_of(refunded) if refunded else {}
    shown = {
        order_id: _of_order(made.get(order_id, []), sent.get(order_id, []))
        for order_id in sent.keys() | made.keys()
    }
    return {order_id: found for order_id, found in shown.items() if found}


def _was_refunded(order: Order) -> bool:
    """Whether after-sales may have refunded anything of it: units, or money alone."""
    if order.paid_at is None:
        return False
    return bool(order.refunded_fen) or any(line.refunded for line in order.lines.all())


def _of_order(made: Sequence[dict[str, Any]], sent: Sequence[Sent]) -> list[dict[str, Any]]:
    """What after-sales refunded, then what went back beside it; what the console gave back for the first is told there."""
    asked: dict[str, list[Refund]] = {}
    for row in sent:
        asked.setdefault(row.first.business_key, []).append(row.latest)
    sold = [(each, asked.get(order_facts.refund_cause(each["refund_no"]), [])) for each in made]
    console = [row.latest for row in sent if _is_of_console(row)]
    # What nobody was asked for had gone back by the console before. Of the rest it may cover what WeChat never carried out.
    told_fen = sum(each["wechat_fen"] - sum(part.amount_fen for part in parts) for each, parts in sold)
    left_fen = sum(part.amount_fen for part in console) - told_fen
    shown = []
    for each, parts in sold:
        void_fen = sum(part.amount_fen for part in parts if part.status in VOID)
        covered_fen = max(0, min(void_fen, left_fen))
        told_fen, left_fen = told_fen + covered_fen, left_fen - covered_fen
        shown.append(_of_sale(each, parts, covered_fen=covered_fen, by=console))
    causes = {order_facts.refund_cause(each["refund_no"]) for each in made}
    gone_fen = _gone_fen(sent)
    for row in sent:
        if row.first.business_key in causes:
            continue
        amount_fen = row.latest.amount_fen
        if _is_of_console(row):
            here_fen = min(told_fen, amount_fen)
            told_fen, amount_fen = told_fen - here_fen, amount_fen - here_fen
        elif row.latest.status in VOID:
            if row.first.origin == Origin.CONSOLE:
                continue
            # What of it went back otherwise is told there.
            amount_fen = min(amount_fen, row.first.payment.captured_fen - gone_fen[row.first.payment_id])
        if amount_fen > 0:
            shown.append(_beside_sale(row, amount_fen=amount_fen))
    return sorted(shown, key=lambda row: row["at"])


def _is_of_console(row: Sent) -> bool:
    """Whether the console gave back of the order's price, and not of what was paid too much."""
    return (
        row.first.origin == Origin.CONSOLE
        and row.latest.status not in VOID
        and not row.first.payment.is_surplus
    )


def _gone_fen(sent: Sequence[Sent]) -> Mapping[int, int]:
    """What of each payment went back, or is on its way, by the payment's id."""
    gone_fen: Counter[int] = Counter()
    for row in sent:
        if row.latest.status not in VOID:
            gone_fen[row.latest.payment_id] += row.latest.amount_fen
    return gone_fen


def order_text(order: Order, shown: Sequence[dict[str, Any]]) -> str:
    """How the order's status reads: a refunded one by its money, which may still be on the way or stuck."""
    if order.status != Status.REFUNDED:
        return status_reads(order.status, virtual=order.virtual, kind=order.delivery_kind)
    found = {row["status"] for row in shown if row["of_price"]}
    worst = next((state for state in (MoneyBack.FAILED, MoneyBack.PENDING) if state in found), MoneyBack.DONE)
    return str(worst.label)


def back_fen(shown: Sequence[dict[str, Any]]) -> int:
    """What has really gone back in these refunds."""
    return sum(row["back_fen"] for row in shown)


def back_of_price_fen(order: Order, shown: Sequence[dict[str, Any]]) -> int:
    """What was refunded of the order's price: after sale, and of a deposit or by the console beside that."""
    beside = (row for row in shown if row["of_price"] and not row["after_sale"])
    return order.refunded_fen + sum(row["amount_fen"] for row in beside)


def _of_sale(
    row: dict[str, Any], asked: Sequence[Refund], *, covered_fen: int, by: Sequence[Refund]
) -> dict[str, Any]:
    """What stored value got back is there at once; what WeChat returns, when it says so of the last part.

    ``covered_fen`` of what WeChat never carried out went back ``by`` the merchant console; where that is all of it,
    it is as if WeChat had carried it out.
    """
    void_fen = sum(part.amount_fen for part in asked if part.status in VOID)
    counted = [part for part in asked if part.status not in VOID] if covered_fen == void_fen else asked
    ends = [*counted, *by] if covered_fen else counted
    state = money_back(part.status for part in ends)
    done_at = None
    if state == MoneyBack.DONE:
        done_at = max((part.settled_at for part in ends if part.settled_at), default=row["at"])
    on_its_way_fen = sum(part.amount_fen for part in asked if part.status not in ARRIVED)
    if all(part.status in ARRIVED for part in by):
        on_its_way_fen -= covered_fen
    amount_fen = row["goods_fen"] + row["shipping_fen"]
    return {
        **row,
        "of_price": True,
        "after_sale": True,
        "amount_fen": amount_fen,
        "status": state,
        "status_text": _text(state, ends),
        "points": row["points_back"],
        "done_at": done_at,
        "back_fen": amount_fen - on_its_way_fen,
    }


def _beside_sale(row: Sent, *, amount_fen: int) -> dict[str, Any]:
    """What went back to the payer without an after-sale: no items, all of it by WeChat.

    ``of_price``: it was paid for the order, and not too much beside it.
    """
    state = MONEY_OF[row.latest.status]
    return {
        "refund_no": row.first.refund_no,
        "of_price": not row.first.payment.is_surplus,
        "after_sale": False,
        "amount_fen": amount_fen,
        "shipping_fen": 0,
        "wechat_fen": amount_fen,
        "balance_fen": 0,
        "points": 0,
        "points_taken": 0,
        "reason": row.first.reason,
        "items": [],
        "status": state,
        "status_text": _text(state, [row.latest]),
        "at": row.first.requested_at,
        "done_at": row.latest.settled_at,
        "back_fen": amount_fen if row.latest.status in ARRIVED else 0,
    }


def _text(state: MoneyBack, asked: Sequence[Refund]) -> str:
    """The state in the buyer's words; an end that WeChat had no part in is named."""
    ends = {part.status for part in asked}
    if state == MoneyBack.DONE and RefundStatus.PAID_OUTSIDE in ends:
        return "商家已线下退款"
    if state == MoneyBack.FAILED and ends <= {RefundStatus.WRITTEN_BACK, *ARRIVED}:
        return "退款已取消，如有疑问请联系商家"
    return str(state.label)
