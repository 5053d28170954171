"""Undoing a paid order whole, while all of it is still in the shop: money and everything it used go back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from apps.checkout import scarce
from apps.coupons import services as coupons
from apps.fulfillment import selectors as fulfillment
from apps.orders import services as orders
from apps.orders.states import Actor, Status
from apps.payments import selectors as payment_facts
from apps.payments import services as payments
from mall.errors import Kind, ShopError


class NotWholeAnyMore(ShopError):
    """Only an order that is paid, and of which no parcel has left, can be refunded whole."""

    code = "order_not_refundable"
    message = "只有已付款且尚未发货的订单可以全额退款"
    kind = Kind.CONFLICT


def refund_unshipped(*, order_no: str, reason: str, operator: Any, at: datetime) -> bool:
    """Refund a paid order that nothing has left yet; say whether this call did it.

    One transaction: the order is REFUNDED, WeChat is to return what it collected (a sweep submits it, once,
    under a number that is stable for the order), and stock, coupon, points, stored value and the uses of
    promotions are given back; coupons that came as a gift of the order are taken back. Points and growth are
    earned with receipt only, so there is nothing of them to take back. Done before: False, nothing changes.
    Raises NotFound, NotWholeAnyMore.
    """
    with transaction.atomic():
        order = orders.lock(order_no=order_no)
        if order.status == Status.REFUNDED:
            return False
        if order.status != Status.PAID or fulfillment.parcels_of([order.pk]):
            raise NotWholeAnyMore(details={"status": order.status})
        orders.move(
            order_no=order_no, move="refund", actor=Actor.OPERATOR, operator=operator, note=reason, at=at
        )
        payment = payment_facts.captured_for(order_no=order_no)
        if payment is not None:
            payments.request_refund(
                payment_no=payment.payment_no,
                amount_fen=payment.captured_fen,
                reason=reason,
                business_key=f"order:{order_no}",
                at=at,
            )
        coupons.take_back_gifts(order_no=order_no, at=at)
        scarce.restore(order=order, at=at)
    return True
