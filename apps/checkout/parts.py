"""What the counter says on the page of an order: closing it while nobody paid."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.enums import ActionVariant

from apps.base.asking import AskForm, Asking, operator
from apps.base.parts import Button, Part
from apps.checkout import closing
from apps.orders.models import Order
from apps.orders.states import Actor, Status


class CloseForm(AskForm):
    """A question before an order is closed."""

    title = "关闭订单"
    explanation = "关闭后买家不能再付款，此操作不能撤销。"


def _close(page: Asking, request: HttpRequest, order: Order) -> HttpResponse:
    def close(_: CloseForm) -> str:
        closed = closing.close_unpaid(
            order_no=order.order_no,
            why="商家关闭",
            actor=Actor.OPERATOR,
            operator=operator(request),
            at=timezone.now(),
        )
        if not closed:
            raise closing.OrderNotCancellable("只有待付款的订单可以关闭")
        return "订单已关闭，占用的库存已释放。"

    # It is closed at WeChat first.
    return page.ask(request, CloseForm, close, row=order, heading=order.order_no, outside=True)


def _unpaid(order: Order) -> bool:
    return order.status == Status.UNPAID


CLOSING: Final = Part(
    room="checkout",
    buttons=[
        Button(
            name="close_order",
            title="关闭订单",
            path="close",
            needs="orders.change_order",
            icon="cancel",
            variant=ActionVariant.DANGER,
            press=_close,
            usable=_unpaid,
        )
    ],
)
