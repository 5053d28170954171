"""What is true of a parcel, and of an order that has arrived, when its receiver is told of it."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Max

from apps.fulfillment import selectors as parcel_facts
from apps.fulfillment.models import Parcel
from apps.messaging.board import Facts
from apps.orders import telling
from apps.orders.models import Order
from apps.orders.states import Status


def shipped(*, subject: str, member_id: int, at: datetime) -> Facts | None:
    """The parcel by its number, as long as its order is not received and nothing came of it."""
    parcel = (
        Parcel.objects.select_related("order", "carrier")
        .filter(
            parcel_no=subject,
            order__member_id=member_id,
            order__status__in=[Status.PAID, Status.SHIPPED],
        )
        .first()
    )
    if parcel is None:
        return None
    return Facts(
        values={
            "order_no": parcel.order.order_no,
            "goods": telling.goods_of(parcel.order),
            "carrier": parcel.carrier.name,
            "tracking_no": parcel.tracking_no,
            "shipped_at": parcel.shipped_at,
        }
    )


def delivered(*, subject: str, member_id: int, at: datetime) -> Facts | None:
    """The order by its number, once every parcel of it was signed for, until it is received."""
    order = Order.objects.filter(order_no=subject, member_id=member_id).first()
    if order is None or not parcel_facts.is_delivered(subject):
        return None
    last = order.parcels.aggregate(at=Max("trace__delivered_at"))["at"]
    return Facts(
        values={
            "order_no": order.order_no,
            "goods": telling.goods_of(order),
            "delivered_at": last,
        }
    )
