"""Paid orders with their deadlines, and operators who put them off."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from apps.checkout import promising
from apps.deadlines.models import Deadline, Delay
from apps.deadlines.services import delaying
from apps.deadlines.states import DelayReason
from apps.orders.models import Order
from tests.apps.fulfillment import make as fulfillment


def owed(order: Order, *, at: datetime = fulfillment.AT) -> Deadline:
    """The deadline of a paid order, fixed now."""
    promising.fix(order_no=order.order_no, at=at)
    return Deadline.objects.select_related("order").get(order=order)


def paid(*quantities: int, at: datetime = fulfillment.AT, **more: Any) -> Order:
    """A paid order whose deadline is fixed."""
    order = fulfillment.paid_order(*quantities, at=at, **more)
    owed(order, at=at)
    return order


def put_off(order: Order, ships_on: date, *, at: datetime = fulfillment.AT, **said: Any) -> Delay:
    """It cannot leave as promised, for want of goods, but by the end of that day."""
    usual = {"reason": DelayReason.STOCK_OUT, "note": "", "operator": None}
    return delaying.ask(order_no=order.order_no, ships_on=ships_on, at=at, **{**usual, **said})
