"""What deadlines say on the page of an order: by when it leaves, delays that were offered, and putting it off."""

from __future__ import annotations

from typing import Final

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.base.admin import chip
from apps.base.asking import Asking, operator
from apps.base.parts import Button, Fact, Part
from apps.deadlines.admin import DELAY_COLOURS, standing_of
from apps.deadlines.forms import DelayForm
from apps.deadlines.models import Deadline, Delay
from apps.deadlines.services import delaying
from apps.orders.models import Order
from apps.orders.parts import OrderPart
from apps.orders.states import Status


class DelayInline(OrderPart):
    """What could not be kept, and how the buyer answered."""

    model = Delay
    verbose_name_plural = "延迟发货"
    fields = ["asked_at", "reason", "was_promised_at", "promised_at", "state", "answered_at", "operator"]
    readonly_fields = fields

    @admin.display(description="状态")
    def state(self, row: Delay) -> SafeString:
        return chip(row.get_status_display(), DELAY_COLOURS[row.status])


def _ship_by(order: Order) -> SafeString | str:
    """The promise, WeChat's limit beside it, and how it stands."""
    row = Deadline.objects.filter(order=order).first()
    if row is None:
        return "—"
    limit = f"{timezone.localtime(row.limit_at):%Y-%m-%d %H:%M}" if row.limit_at else "无"
    return format_html(
        "{} 承诺 {}，微信时限 {}",
        standing_of(row, at=timezone.now()),
        f"{timezone.localtime(row.promised_at):%Y-%m-%d %H:%M}",
        limit,
    )


def _put_off(page: Asking, request: HttpRequest, order: Order) -> HttpResponse:
    def put_off(filled: DelayForm) -> str:
        row = delaying.ask(
            order_no=order.order_no, operator=operator(request), at=timezone.now(), **filled.said()
        )
        return f"已通知买家，请在 {timezone.localtime(row.answer_until):%m-%d %H:%M} 前答复；逾期视为等待。"

    return page.ask(request, DelayForm, put_off, row=order, heading=order.order_no)


def _owed(order: Order) -> bool:
    return order.status == Status.PAID and Deadline.objects.filter(order=order, ended_at=None).exists()


DEADLINE: Final = Part(
    room="deadlines",
    facts=[
        Fact(
            name="ship_by",
            label="发货时限",
            under="发货时限",
            needs="deadlines.view_deadline",
            shown=_ship_by,
        )
    ],
    inlines=[DelayInline],
    buttons=[
        Button(
            name="put_off",
            title="登记无法按时发货",
            path="put-off",
            needs="deadlines.offer_delay",
            icon="event_busy",
            press=_put_off,
            usable=_owed,
        )
    ],
)
