"""What the counter says on the page of an order: closing it while nobody paid."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.enums import ActionVariant

from apps.base.asking import AskForm, Asking, ReasonForm, operator
from apps.base.parts import Button, Part
from apps.checkout import bills, closing
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


class GiveDepositBackForm(ReasonForm):
    """A question before a reserved order is given up by the shop."""

    title = "退还定金并关闭"
    explanation = "商家无法履约时使用：订单关闭，定金全额原路退还，不受「定金是否可退」约束。此操作不能撤销。"


def _give_deposit_back(page: Asking, request: HttpRequest, order: Order) -> HttpResponse:
    def give_back(asked: GiveDepositBackForm) -> str:
        by = bills.By(actor=Actor.OPERATOR, why=asked.cleaned_data["reason"], operator=operator(request))
        at = timezone.now()
        if not closing.give_up(kind=bills.BALANCE, bill_no=order.order_no, by=by, at=at):
            raise closing.OrderNotCancellable("只有已付定金的订单可以退还定金")
        return "订单已关闭，定金将原路退还。"

    # An open payment of the balance is closed at WeChat first.
    return page.ask(request, GiveDepositBackForm, give_back, row=order, heading=order.order_no, outside=True)


def _reserved(order: Order) -> bool:
    return order.status == Status.RESERVED


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
        ),
        Button(
            name="give_deposit_back",
            title="退还定金并关闭",
            path="give-deposit-back",
            needs="orders.refund_order",
            icon="undo",
            variant=ActionVariant.DANGER,
            press=_give_deposit_back,
            usable=_reserved,
        ),
    ],
)
