"""What the room does about news: who waits for an order is told that it lies ready, or is on its way."""

from __future__ import annotations

from datetime import datetime

from apps.messaging import services as messaging
from apps.orders.models import Order
from apps.orders.states import DeliveryKind
from mall.events import LocalDeliveryBegan


def tell_on_local_delivery_began(event: LocalDeliveryBegan, *, at: datetime) -> None:
    """Tell the buyer, once an order, however often WeChat is told."""
    order = Order.objects.get(order_no=event.order_no)
    scene = "pickup_ready" if order.delivery_kind is DeliveryKind.PICKUP else "city_leaving"
    messaging.write(
        scene=scene,
        member_id=event.member_id,
        subject=event.order_no,
        occasion=event.order_no,
        at=at,
    )
