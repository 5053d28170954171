"""What is true of an order that lies ready, or goes with the shop's own rider, when its buyer is told of it."""

from __future__ import annotations

from datetime import datetime

from apps.messaging.board import Facts
from apps.orders import telling
from apps.orders.models import Order
from apps.orders.states import DeliveryKind, Status
from apps.pickup.models import Pickup
from apps.pickup.states import PickupStatus


def ready(*, subject: str, member_id: int, at: datetime) -> Facts | None:
    """The order by its number, as long as it lies ready and can be fetched: for the first word and for the reminder."""
    row = (
        Pickup.objects.select_related("order", "place")
        .filter(
            order__order_no=subject,
            order__member_id=member_id,
            order__status=Status.SHIPPED,
            status=PickupStatus.READY,
            fetch_by__gt=at,
        )
        .first()
    )
    if row is None or row.fetch_by is None:
        return None
    return Facts(
        values={
            "order_no": row.order.order_no,
            "goods": telling.goods_of(row.order),
            "place": row.place.name,
            "address": row.place.address,
            "fetch_by": row.fetch_by,
            "slot": row.order.slot_text or "营业时间内",
        },
        until=row.fetch_by,
    )


def leaving(*, subject: str, member_id: int, at: datetime) -> Facts | None:
    """The order by its number, as long as the shop's rider is on the way with it."""
    order = Order.objects.filter(order_no=subject, member_id=member_id, status=Status.SHIPPED).first()
    if order is None or order.shipped_at is None or not order.delivery:
        return None
    if order.delivery_kind is not DeliveryKind.CITY:
        return None
    return Facts(
        values={
            "order_no": order.order_no,
            "goods": telling.goods_of(order),
            "place": order.delivery["place"]["name"],
            "phone": order.delivery["place"]["phone"] or "—",
            "left_at": order.shipped_at,
            "slot": order.slot_text or "尽快送达",
        }
    )
