"""What deadlines say on the page of an order: by when it leaves, and delays that were offered."""

from __future__ import annotations

from typing import Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.base import days
from apps.base.admin import chip
from apps.base.parts import Fact, Part
from apps.deadlines import selectors as deadline_facts
from apps.deadlines.admin import DELAY_COLOURS, standing_of, swaps_shown
from apps.deadlines.models import Deadline, Delay
from apps.deadlines.states import DelayStatus
from apps.orders.models import Order
from apps.orders.parts import OrderPart
from apps.orders.states import Status


class DelayInline(OrderPart):
    """What could not be kept, and how the buyer answered."""

    model = Delay
    verbose_name_plural = "延迟发货"
    fields = [
        "asked_at",
        "reason",
        "was_promised_at",
        "promised_at",
        "swaps",
        "state",
        "answered_at",
        "operator",
    ]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delay]:
        rows: QuerySet[Delay] = super().get_queryset(request)
        return rows.select_related("operator").prefetch_related("offers__sku")

    @admin.display(description="可换商品")
    def swaps(self, row: Delay) -> SafeString | str:
        return swaps_shown(row)

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


def asked_before(order: Order) -> list[tuple[str, str]]:
    """What whoever sends an order has to know: its buyer was asked, and may still choose other goods or the money."""
    row = Delay.objects.filter(order=order, status=DelayStatus.ASKED).first()
    if row is None:
        return []
    until = days.minute(row.answer_until, at=timezone.now())
    choices = "等待、换货或退款" if deadline_facts.offers_of(row).exists() else "等待或退款"
    return [("注意", f"已询问买家（{choices}），{until} 前等待答复；现在发货将作废该询问")]


def owed(order: Order) -> bool:
    """Whether an order may be put off."""
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
    before=asked_before,
)
