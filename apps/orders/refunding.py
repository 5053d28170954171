"""Writes down what was refunded of an order: units and money, never more than it has, and what went with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from apps.base import transactions
from apps.orders.models import Order, OrderLine, OrderRefund, OrderRefundLine
from mall.errors import ShopError


class RefundBeyondOrder(ShopError):
    """More units, or more money, than is left of the order."""

    code = "refund_beyond_order"
    message = "退款超过订单可退的件数或金额"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refunded:
    """Units of a line that were refunded: how many had left, how many went back on the shelf, for how much.

    No units: its price fell by ``amount_fen``, and the buyer keeps them. ``waived_fen`` is what they were worth beyond it.
    """

    line_id: int
    units: int
    units_sent: int
    restocked: int
    amount_fen: int
    waived_fen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What a refund meant beside money: points that came back and were taken, gift coupons."""

    points_back: int = 0
    points_taken: int = 0
    points_short: int = 0
    growth_taken: int = 0
    coupons_revoked: int = 0
    coupons_spent: Sequence[str] = ()


def record_refund(
    *,
    order: Order,
    refund_no: str,
    token: str,
    lines: Sequence[Refunded],
    shipping_fen: int,
    balance_fen: int,
    effects: Effects,
    reason: str,
    operator: Any,
    at: datetime,
) -> OrderRefund:
    """Write down that a part of an order was refunded; the caller has locked the order and moved the rest.

    ``balance_fen`` is the part of the sum that stored value gets back, WeChat the rest. ``token`` is unique
    (``order_refund_once_per_token``). Raises RefundBeyondOrder, with the transaction marked for rollback, where
    more units or more money would be refunded than the order has.
    """
    transactions.require()
    goods_fen = sum(line.amount_fen for line in lines)
    amount_fen = goods_fen + shipping_fen
    _take(order, lines, amount_fen=amount_fen)
    refund = OrderRefund.objects.create(
        refund_no=refund_no,
        order=order,
        token=token,
        operator=operator,
        reason=reason,
        goods_fen=goods_fen,
        shipping_fen=shipping_fen,
        wechat_fen=amount_fen - balance_fen,
        balance_fen=balance_fen,
        units_unsent=sum(line.units - line.units_sent for line in lines),
        units_sent=sum(line.units_sent for line in lines),
        points_back=effects.points_back,
        points_taken=effects.points_taken,
        points_short=effects.points_short,
        growth_taken=effects.growth_taken,
        coupons_revoked=effects.coupons_revoked,
        coupons_spent=list(effects.coupons_spent),
        at=at,
    )
    OrderRefundLine.objects.bulk_create(_row_of(line, of=refund) for line in lines)
    return refund


def _take(order: Order, lines: Sequence[Refunded], *, amount_fen: int) -> None:
    """Count units and money as refunded, as far as the order has them. Raises RefundBeyondOrder."""
    for line in lines:
        left = OrderLine.objects.filter(
            pk=line.line_id, order=order, refunded__lte=F("quantity") - line.units
        )
        _require_one(left.update(refunded=F("refunded") + line.units))
    paid = Order.objects.filter(pk=order.pk, refunded_fen__lte=F("payable_fen") - amount_fen)
    _require_one(paid.update(refunded_fen=F("refunded_fen") + amount_fen))
    order.refunded_fen += amount_fen


def _require_one(updated: int) -> None:
    if updated != 1:
        transaction.set_rollback(True)
        raise RefundBeyondOrder


def _row_of(line: Refunded, *, of: OrderRefund) -> OrderRefundLine:
    return OrderRefundLine(
        refund=of,
        order_line_id=line.line_id,
        units=line.units,
        units_sent=line.units_sent,
        restocked=line.restocked,
        amount_fen=line.amount_fen,
        waived_fen=line.waived_fen,
    )
