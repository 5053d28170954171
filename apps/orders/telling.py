"""What is true of an order when its buyer is told of it: paid, or about to close unpaid."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db.models import QuerySet

from apps.messaging.board import Facts
from apps.messaging.services.writing import Draft
from apps.orders.models import Order
from apps.orders.states import DeliveryKind, Status

# So long before it closes an unpaid order is told of.
CLOSING_BEFORE: Final = timedelta(minutes=10)
_NEXT: Final[Mapping[str, str]] = {
    DeliveryKind.EXPRESS: "我们会尽快发货",
    DeliveryKind.PICKUP: "备好货会通知您到店取货",
    DeliveryKind.CITY: "我们会尽快为您配送",
}
# Nothing went back, and the goods are owed or on their way.
_STILL_PAID: Final = (Status.GATHERING, Status.PAID, Status.SHIPPED)


def paid(*, subject: str, member_id: int, at: datetime) -> Facts | None:
    """The order by its number, as long as it is paid and not received."""
    order = _order(subject, member_id, status__in=_STILL_PAID)
    if order is None or order.paid_at is None:
        return None
    return Facts(
        values={
            "order_no": order.order_no,
            "goods": goods_of(order),
            "amount": order.payable_fen,
            "paid_at": order.paid_at,
            "next": _next_of(order),
        }
    )


def _next_of(order: Order) -> str:
    """What the buyer of a paid order has to expect: of virtual goods nothing is sent, nor of what is fetched."""
    if order.virtual:
        return "卡密已发放，请在订单详情查看"
    if order.awaits_goods:
        return "到货后会尽快发货"
    return _NEXT[order.delivery_kind]


def closing(*, subject: str, member_id: int, at: datetime) -> Facts | None:
    """The order by its number, as long as it waits for payment; worth telling until it closes."""
    order = _order(subject, member_id, status=Status.UNPAID, expires_at__gt=at)
    if order is None:
        return None
    return Facts(
        values={
            "order_no": order.order_no,
            "goods": goods_of(order),
            "amount": order.payable_fen - order.balance_fen,
            "closes_at": order.expires_at,
        },
        until=order.expires_at,
    )


def goods_of(order: Order) -> str:
    """The goods of an order in a few words: 明前龙井 等 3 件. One query, unless the lines are at hand."""
    lines = [line for line in order.lines.all() if not line.is_packing]
    units = sum(line.quantity for line in lines)
    first = next((line.title for line in lines if not line.is_gift), lines[0].title)
    return first if units == 1 else f"{first} 等 {units} 件"


def closings(*, at: datetime) -> list[Draft]:
    """A message for each order that closes within ten minutes if nobody pays."""
    rows = Order.objects.filter(
        status=Status.UNPAID, expires_at__gt=at, expires_at__lte=at + CLOSING_BEFORE
    ).values_list("order_no", "member_id", "expires_at")
    return [
        Draft(
            scene="order_closing",
            member_id=member_id,
            subject=order_no,
            occasion=order_no,
            expires_at=expires_at,
        )
        for order_no, member_id, expires_at in rows
    ]


def _order(order_no: str, member_id: int, **wanted: object) -> Order | None:
    found: QuerySet[Order] = Order.objects.filter(order_no=order_no, member_id=member_id, **wanted)
    return found.prefetch_related("lines").first()
