"""What this room says on the page of an order: how it comes, and putting it ready or sending the shop's rider."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.enums import ActionVariant

from apps.base.asking import Asking, operator
from apps.base.parts import Button, Part
from apps.orders.models import Order
from apps.orders.states import ONLINE, DeliveryKind, Status
from apps.pickup.forms import ArriveForm, LeaveForm, ReadyForm
from apps.pickup.models import Pickup
from apps.pickup.services import moving, riding


def delivery_shown(order: Order) -> SafeString | str:
    """How an order comes to its buyer; of one that is fetched with the way to its pickup."""
    if not order.delivery:
        return ONLINE if order.virtual else str(DeliveryKind.EXPRESS.label)
    told = f"{order.delivery_kind.label}：{order.delivery['place']['name']}"
    if order.slot:
        told = f"{told}，定时达 {order.slot_text}"
    if order.delivery["distance_m"] is not None:
        return f"{told}，约 {order.delivery['distance_m']} 米"
    key = Pickup.objects.filter(order=order).values_list("pk", flat=True).first()
    if key is None:
        return told
    page = reverse("admin:pickup_pickup_change", args=[key])
    return format_html('{} <a href="{}" class="text-link">自提单</a>', told, page)


def _ready(page: Asking, request: HttpRequest, order: Order) -> HttpResponse:
    def put_ready(_: ReadyForm) -> str:
        moving.lie_ready(order_no=order.order_no, operator=operator(request), at=timezone.now())
        return "已备好，买家将收到取货通知。"

    return page.ask(request, ReadyForm, put_ready, row=order, heading=order.order_no)


def _leave(page: Asking, request: HttpRequest, order: Order) -> HttpResponse:
    def leave(filled: LeaveForm) -> str:
        riding.leave(
            order_no=order.order_no,
            rider=filled.cleaned_data["rider"],
            operator=operator(request),
            at=timezone.now(),
        )
        return "已开始配送，买家将收到通知。"

    return page.ask(request, LeaveForm, leave, row=order, heading=order.order_no)


def _arrive(page: Asking, request: HttpRequest, order: Order) -> HttpResponse:
    def arrive(_: ArriveForm) -> str:
        riding.arrive(order_no=order.order_no, operator=operator(request), at=timezone.now())
        return "已送达，订单完成。"

    return page.ask(request, ArriveForm, arrive, row=order, heading=order.order_no)


def _stands(kind: DeliveryKind, status: Status) -> Callable[[Order], bool]:
    def usable(order: Order) -> bool:
        return order.delivery_kind is kind and order.status == status

    return usable


LOCAL: Final = Part(
    room="pickup",
    buttons=[
        Button(
            name="lie_ready",
            title="备货完成",
            path="lie-ready",
            needs="pickup.prepare_pickup",
            icon="inventory",
            variant=ActionVariant.PRIMARY,
            press=_ready,
            usable=_stands(DeliveryKind.PICKUP, Status.PAID),
        ),
        Button(
            name="leave_by_rider",
            title="开始配送",
            path="leave",
            needs="orders.change_order",
            icon="moped",
            variant=ActionVariant.PRIMARY,
            press=_leave,
            usable=_stands(DeliveryKind.CITY, Status.PAID),
        ),
        Button(
            name="arrive_by_rider",
            title="确认送达",
            path="arrive",
            needs="orders.change_order",
            icon="where_to_vote",
            press=_arrive,
            usable=_stands(DeliveryKind.CITY, Status.SHIPPED),
        ),
    ],
)
