"""Orders that no parcel is sent of leave the shop's hands: they lie ready to be fetched, or go with its own riders."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from apps.fulfillment.models import ShippingUpload
from apps.fulfillment.services.parcels import GoodsNotHere, NotShippable
from apps.orders import services as orders
from apps.orders.models import Order
from apps.orders.states import Actor, DeliveryKind, Status
from apps.outbox import services as outbox
from mall.events import LocalDeliveryBegan, OrderShipped


class SentByParcel(NotShippable):
    """The order goes by express: a parcel is sent of it."""

    message = "该订单由快递配送，请填写快递单号发货"


def leave(*, order_no: str, kind: DeliveryKind, note: str = "", operator: Any, at: datetime) -> Order:
    """Move a paid order of this kind to SHIPPED: all of it lies ready, or has left. WeChat and the buyer are told of it.

    Publishes OrderShipped and LocalDeliveryBegan. Raises NotFound, NotShippable, SentByParcel for one of another kind,
    GoodsNotHere.
    """
    with transaction.atomic():
        order = orders.lock(order_no=order_no)
        if order.delivery_kind is not kind:
            raise SentByParcel if order.delivery is None else NotShippable("配送方式与订单不符")
        if order.status != Status.PAID:
            raise NotShippable
        if order.awaits_goods:
            raise GoodsNotHere
        if not ShippingUpload.objects.filter(order=order).exists():
            ShippingUpload.objects.create(order=order)
        orders.move(
            order_no=order_no,
            move="ship",
            actor=Actor.OPERATOR,
            operator=operator,
            note=note,
            at=at,
            locked=order,
        )
        outbox.publish(OrderShipped(order_no=order_no, member_id=order.member_id), at=at)
        outbox.publish(LocalDeliveryBegan(order_no=order_no, member_id=order.member_id), at=at)
    return order
