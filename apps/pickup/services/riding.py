"""An order that the shop's own rider brings: it leaves, and it arrives."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from apps.fulfillment.services import local, receipt
from apps.orders import services as orders
from apps.orders.models import Order
from apps.orders.states import Actor, DeliveryKind
from apps.stores import selectors as place_facts
from mall.errors import NotFound, ShopError


class NotByRider(ShopError):
    """The order is not brought by the shop's own riders."""

    code = "not_by_rider"
    message = "该订单不是同城配送"


def leave(*, order_no: str, rider: str, operator: Any, at: datetime) -> Order:
    """Say that a rider has left with all of an order, who may be named: it is SHIPPED, buyer and WeChat are told.

    Raises NotFound, also for who works at other shops; NotShippable.
    """
    _require_mine(order_no, operator=operator)
    note = f"配送员：{rider}" if rider else ""
    return local.leave(order_no=order_no, kind=DeliveryKind.CITY, note=note[:200], operator=operator, at=at)


def arrive(*, order_no: str, operator: Any, at: datetime) -> Order:
    """Say that the rider has handed it over: it is RECEIVED. Raises NotFound, NotByRider, MoveRefused."""
    _require_mine(order_no, operator=operator)
    with transaction.atomic():
        if orders.lock(order_no=order_no).delivery_kind is not DeliveryKind.CITY:
            raise NotByRider
        return receipt.confirm(
            order_no=order_no, actor=Actor.OPERATOR, operator=operator, note="同城配送已送达", at=at
        )


def _require_mine(order_no: str, *, operator: Any) -> None:
    """Raise NotFound for an order that a shop brings at which the operator does not work; from where it is never moves."""
    delivery = Order.objects.filter(order_no=order_no).values_list("delivery", flat=True).first()
    if delivery and place_facts.is_out_of_reach(delivery["place_id"], operator=operator):
        raise NotFound
