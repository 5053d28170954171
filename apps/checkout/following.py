"""An order's way on its card of 服务动态: begun when it is paid, moved as it goes, over when it is received or called off.

The counter alone sees order, goods and the payment by which WeChat knows the card. Off by default: nothing is read then.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from apps.messaging import board, wording
from apps.messaging.services import cards
from apps.orders.models import Order
from apps.orders.states import Status
from apps.payments import selectors as payment_facts
from apps.pictures import stored
from apps.wechat.service_cards import Product, Progress

# What the card may say of an order whose parcel has left: the first that it can follow to.
_ALL_LEFT: Final = (Progress.SHIPPED, Progress.SHIPPED_AGAIN)
_SOME_LEFT: Final = (Progress.PARTLY_SHIPPED, Progress.SHIPPED_AGAIN)


def begin(*, order_no: str, at: datetime) -> bool:
    """Have WeChat show the card of a paid order, in the caller's transaction; False where the shop tells none.

    Of several payments (a deposit and a balance) the card is of the last. What was paid without WeChat has none.
    """
    if not cards.are_told():
        return False
    paid = payment_facts.used(payment_facts.of_order(order_no=order_no)).last()
    if paid is None or paid.transaction_id is None or paid.captured_at is None:
        return False
    order = Order.objects.prefetch_related("lines__sku").get(order_no=order_no)
    if order.status not in (Status.PAID, Status.GATHERING) or order.delivery is not None or order.virtual:
        return False  # on its way already, or over: the news is late; or the card speaks of a parcel that there is not
    return cards.begin(
        order_no=order_no,
        member_id=order.member_id,
        transaction_id=paid.transaction_id,
        paid_fen=paid.captured_fen,
        paid_at=paid.captured_at,
        products=_products(order),
        page=wording.filled(board.scene_of("order_paid").page, {"order_no": order_no}),
        at=at,
    )


def note_parcel(*, order_no: str, at: datetime) -> bool:
    """Have the card say that a parcel, or all of the order, has left; False where no card can say so."""
    order = Order.objects.get(order_no=order_no)
    steps = _SOME_LEFT if order.status == Status.PAID else _ALL_LEFT
    return _advance(order_no, steps, at=at)


def note_receipt(*, order_no: str, at: datetime) -> bool:
    """Have the card say that the order is done; False where no card can say so."""
    return _advance(order_no, [Progress.DONE], at=at)


def note_refund(*, order_no: str, at: datetime) -> bool:
    """Have the card say that the order is called off, if all of it went back before it left; False otherwise."""
    order = Order.objects.get(order_no=order_no)
    if order.status != Status.REFUNDED:
        return False
    return _advance(order_no, [Progress.CANCELLED], at=at)


def _advance(order_no: str, steps: Sequence[Progress], *, at: datetime) -> bool:
    return any(cards.advance(order_no=order_no, progress=step, at=at) for step in steps)


def _products(order: Order) -> list[Product]:
    page = board.scene_of("back_in_stock").page
    return [
        Product(
            name=line.title,
            picture=stored.address(line.image, stored.Size.LIST) or "",
            path=wording.filled(page, {"product_id": str(line.sku.product_id)}),
            count=line.quantity,
        )
        for line in order.lines.all()
    ]
