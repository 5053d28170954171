"""Orders to be refunded, and refunds of them, made as plainly as possible."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from apps.aftersales import services as aftersales
from apps.aftersales.planning import Wish
from apps.catalog.models import Sku
from apps.checkout import paying
from apps.fulfillment.services import receipt
from apps.members.models import Address, Member
from apps.orders.models import Order, OrderLine, OrderRefund
from apps.orders.states import Actor
from apps.points import services as points
from tests.apps.checkout import make as counter
from tests.apps.fulfillment import make as fulfillment

NOW = counter.NOW
LATER = NOW + timedelta(hours=1)


def paid(buyer: tuple[Member, Address], wanted: Iterable[tuple[Sku, int]], **more: Any) -> Order:
    """An order that was placed and paid at the counter; ``more`` is of the choice."""
    fulfillment.carriers()
    order = counter.order(*buyer, wanted, **more)
    if order.due_fen:
        counter.pay(order)
    else:
        paying.pay(member=order.member, order_no=order.order_no, at=NOW)
    return fresh(order)


def fresh(order: Order) -> Order:
    """The order as the database has it now."""
    return Order.objects.get(pk=order.pk)


def line(order: Order, sku: Sku, *, is_gift: bool = False) -> OrderLine:
    return order.lines.get(sku=sku, is_gift=is_gift)


def ship(order: Order, units: Mapping[Sku, int] | None = None) -> None:
    """Send all that is left, or so many units of these SKUs as were bought."""
    quantities = None if units is None else {line(order, sku).pk: some for sku, some in units.items()}
    fulfillment.parcel(order, quantities=quantities, at=NOW)


def receive(order: Order, *, at: datetime = NOW) -> None:
    """The buyer has it, and what it earns is given."""
    receipt.confirm(order_no=order.order_no, actor=Actor.MEMBER, at=at)
    points.settle(order_no=order.order_no, at=at)


def refund(
    order: Order,
    units: Mapping[Sku, int] | None = None,
    *,
    shipping_fen: int = 0,
    restock: Iterable[Sku] = (),
    gifts: Mapping[Sku, int] | None = None,
    token: str = "",
    seen: str = "",
    operator: Any = None,
    at: datetime = LATER,
) -> OrderRefund:
    """Refund so many units of these SKUs (bought ones, and gifts apart); by the warehouse, if nobody is said."""
    wanted = {line(order, sku).pk: some for sku, some in (units or {}).items()}
    wanted |= {line(order, sku, is_gift=True).pk: some for sku, some in (gifts or {}).items()}
    return aftersales.refund(
        order_no=order.order_no,
        wish=Wish(
            units=wanted,
            shipping_fen=shipping_fen,
            restock=frozenset(line(order, sku).pk for sku in restock),
        ),
        reason="杯口有裂纹",
        token=token or str(uuid4()),
        seen=seen,
        operator=operator or fulfillment.operator(),
        at=at,
    )
