"""Virtual goods at the counter: ordered by themselves, sent nowhere, delivered as card keys with the payment.

How that fits together: docs/guide/virtual-goods.md. The rule that they are ordered alone keeps an order either of goods that
travel, with an address, parcels and a receipt, or of none of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.db import transaction

from apps.cardkeys import selectors as card_facts
from apps.cardkeys import services as cardkeys
from apps.catalog.articles import Article
from apps.checkout.activities import Admission
from apps.checkout.holders import Holder, Part, Restored
from apps.orders import services as orders
from apps.orders.models import Order
from apps.orders.states import PAID_FOR, Actor, Status
from apps.outbox import services as outbox
from mall.errors import Kind, ShopError
from mall.events import OrderShipped, UploadAsked
from mall.lifecycle import MoveRefused
from mall.pricing.basket import Basket, Destination
from mall.pricing.hearing import Heard
from mall.pricing.offers import Gift
from mall.pricing.quote import Quote

log = structlog.get_logger(__name__)

# Nowhere in particular: the freight is known, and nothing.
_NOWHERE: Final = Destination(province="", city="", district="")
_NO_GIFTS: Final = "虚拟商品订单不寄送赠品"
# WeChat knows a payment for its 发货信息 ten seconds to a minute after its notice (uploadShippingInfo, 10060001).
_SHIPPED_AFTER: Final = timedelta(seconds=60)


class VirtualApart(ShopError):
    """Virtual goods and goods that travel are ordered apart. ``details``: the ``sku_ids`` of those that are virtual."""

    code = "virtual_goods_apart"
    message = "虚拟商品与实物商品请分开下单"
    kind = Kind.CONFLICT


class VirtualNotAhead(ShopError):
    """What is delivered with its payment is not sold ahead of its coming."""

    code = "virtual_goods_not_ahead"
    message = "虚拟商品不参加预售"
    kind = Kind.CONFLICT


def all_virtual(skus: Mapping[int, Article]) -> bool:
    """Whether what is chosen is virtual goods. Raises VirtualApart for some of both."""
    virtual = [sku_id for sku_id, sku in skus.items() if sku.virtual]
    if virtual and len(virtual) < len(skus):
        raise VirtualApart(details={"sku_ids": virtual})
    return bool(virtual)


def going_nowhere(basket: Basket) -> Basket:
    """The basket of virtual goods: its freight is known to be nothing."""
    return replace(basket, destination=_NOWHERE)


def offered(offers: Sequence[Heard], admission: Admission | None) -> list[Heard]:
    """The offers on virtual goods: gifts would have to be sent, so they say that they are not. Raises VirtualNotAhead."""
    if admission is not None and admission.by_plan:
        raise VirtualNotAhead
    return [replace(offer, refused=_NO_GIFTS) if isinstance(offer, Gift) else offer for offer in offers]


def cards_of(order: Order) -> list[dict[str, Any]]:
    """The card keys of an order, for its buyer: once it is paid for, and not waiting for others. No statement for others."""
    if not order.virtual or order.status not in PAID_FOR or order.status == Status.GATHERING:
        return []
    return [card._asdict() for card in card_facts.of_order(order_no=order.order_no)]


class CardKeys(Holder):
    """The cards of an order of virtual goods. Its stock is what is held; a card has no buyer before the payment."""

    def concerns(self, order: Order) -> bool:
        return order.virtual

    def hold(self, *, order: Order, quote: Quote, demand: Mapping[int, int], at: datetime) -> None:
        """Nothing: as many cards as are in stock are unsold, and any will do."""

    def commit(self, *, order: Order, at: datetime) -> None:
        units: dict[int, int] = {}
        for sku_id, quantity in order.lines.values_list("sku_id", "quantity"):
            units[sku_id] = units.get(sku_id, 0) + quantity
        cardkeys.sell(order_no=order.order_no, units=units, at=at)

    def release_many(self, *, orders: Sequence[Order], at: datetime) -> None:
        """Nothing, for the same reason."""

    def restore(self, *, order: Order, part: Part, restored: Restored, at: datetime) -> None:
        cardkeys.take_back(order_no=order.order_no, units=part.units, unseen=part.restocked, at=at)


def ship_due(*, at: datetime, limit: int = 500) -> int:
    """Say of orders of virtual goods that are paid that they are delivered, to the shop and to WeChat; return how many.

    A minute after the payment, since WeChat would not know it sooner. Each order stands for itself: one that fails
    is logged and comes again.
    """
    due = (
        Order.objects.filter(virtual=True, status=Status.PAID, paid_at__lte=at - _SHIPPED_AFTER)
        .order_by("id")
        .values_list("order_no", flat=True)[:limit]
    )
    shipped = 0
    for order_no in list(due):
        try:
            _ship(order_no=order_no, at=at)
        except MoveRefused:
            continue  # refunded meanwhile, or another sweep was faster
        except Exception:
            log.exception("virtual_delivery_failed", order_no=order_no)
            continue
        shipped += 1
    return shipped


def _ship(*, order_no: str, at: datetime) -> None:
    with transaction.atomic():
        order = orders.move(order_no=order_no, move="ship", actor=Actor.SYSTEM, note="卡密已在线交付", at=at)
        outbox.publish(OrderShipped(order_no=order_no, member_id=order.member_id), at=at)
        outbox.publish(UploadAsked(bill_kind="order", bill_no=order_no), at=at)
