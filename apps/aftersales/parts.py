"""What after-sales says on the page of an order: what was refunded of it, and the buttons that refund or put off."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.enums import ActionVariant

from apps.aftersales import application_selectors as application_facts
from apps.aftersales import planning, wording
from apps.aftersales import selectors as refund_facts
from apps.aftersales import services as aftersales
from apps.aftersales.admin import Shown
from apps.aftersales.forms import PartForm, PutOffForm, WholeForm
from apps.aftersales.models import AfterSale
from apps.aftersales.services import bounds, swapping
from apps.base import days
from apps.base.admin import link
from apps.base.asking import Asking, Done, Preview, operator
from apps.base.parts import Button, Part
from apps.deadlines.parts import owed
from apps.orders.models import Order, OrderRefund
from apps.orders.parts import OrderPart
from mall.money import priced


class RefundInline(Shown, OrderPart):
    """What was refunded of the order."""

    model = OrderRefund
    verbose_name_plural = "售后退款"
    fields = ["number", "state", "amount", "wechat", "balance", "content", "points", "gifts", "reason", "at"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderRefund]:
        rows: QuerySet[OrderRefund] = super().get_queryset(request)
        return refund_facts.with_money(rows).prefetch_related("lines__order_line")

    @admin.display(description="售后退款单号")
    def number(self, row: OrderRefund) -> SafeString:
        return link(reverse("admin:orders_orderrefund_change", args=[row.pk]), row.refund_no)


def _refund_whole(page: Asking, request: HttpRequest, order: Order) -> HttpResponse:
    def refund(filled: WholeForm) -> str:
        done = aftersales.refund_unshipped(
            order_no=order.order_no,
            reason=filled.cleaned_data["reason"],
            operator=operator(request),
            at=timezone.now(),
        )
        if not done:
            raise aftersales.NotWholeAnyMore("此订单已经退款，无需重复操作")
        return "订单已退款：款项将原路退回，库存、优惠券、积分和储值已退还。"

    left_fen = order.payable_fen - order.refunded_fen
    heading = f"{order.order_no} · 将退还买家 {priced(left_fen)}"
    return page.ask(
        request,
        WholeForm,
        refund,
        row=order,
        heading=heading,
        facts=_asked(application_facts.asked_of(order)),
    )


def _asked(asked: Mapping[int, tuple[AfterSale, int]]) -> list[tuple[str, SafeString]]:
    """The open applications that have units of an order, told before anything of it is refunded."""
    rows = {row.pk: row for row, _ in asked.values()}
    return [
        (
            "处理中的售后",
            format_html(
                "{} {} {} 件 · {}，请在该申请上处理",
                link(reverse("admin:aftersales_aftersale_change", args=[row.pk]), row.after_sale_no),
                row.get_kind_display(),
                sum(units for one, units in asked.values() if one.pk == row.pk),
                row.get_status_display(),
            ),
        )
        for row in rows.values()
    ]


def _refund_part(page: Asking, request: HttpRequest, order: Order) -> HttpResponse:
    """Ask what to refund, show what that means, and carry it out when that is confirmed."""
    if not planning.may_refund(order):
        page.message_user(request, planning.OrderNotRefundable.message, level=messages.ERROR)
        return redirect(page.page_of(order))
    standing = planning.standing_of(order)
    asked = application_facts.asked_of(order)

    def show(filled: PartForm) -> Preview:
        found = refund_facts.preview(standing, filled.wish())
        bounds.require_free(found.plan)
        return Preview(
            facts=wording.facts(found, reason=filled.cleaned_data["reason"]),
            seen=found.plan.fingerprint(),
            context={"lines": wording.lines(found)},
        )

    def refund(filled: PartForm) -> Done:
        return _carry_out(request, order, filled)

    return page.ask(
        request,
        partial(PartForm, standing=standing),
        refund,
        row=order,
        heading=order.order_no,
        facts=_asked(asked),
        preview=show,
        template="admin/orders/refund.html",
    )


def _carry_out(request: HttpRequest, order: Order, filled: PartForm) -> Done:
    made = aftersales.refund(
        order_no=order.order_no,
        wish=filled.wish(),
        reason=filled.cleaned_data["reason"],
        token=str(filled.cleaned_data["token"]),
        seen=filled.cleaned_data["seen"],
        operator=operator(request),
        at=timezone.now(),
    )
    told = f"售后退款 {made.refund_no} 已办理：微信 {priced(made.wechat_fen)} 将原路退回"
    if made.balance_fen:
        told += f"，储值 {priced(made.balance_fen)} 已退回"
    spent = len(made.coupons_spent)
    warning = f"有 {spent} 张随订单赠送的券已被使用，未能收回，请与买家协商。" if spent else ""
    return Done(f"{told}。", warning=warning)


def _whole(order: Order) -> bool:
    return planning.may_refund(order) and order.status in planning.WAITING and not order.parcels.exists()


REFUNDS: Final = Part(
    room="aftersales",
    inlines=[RefundInline],
    buttons=[
        Button(
            name="refund_part",
            title="退款",
            path="refund-part",
            needs="orders.refund_order",
            icon="currency_exchange",
            press=_refund_part,
            usable=planning.may_refund,
        ),
        Button(
            name="refund_whole",
            title="全额退款",
            path="refund",
            needs="orders.refund_order",
            icon="undo",
            variant=ActionVariant.DANGER,
            press=_refund_whole,
            usable=_whole,
        ),
    ],
)


def _put_off(page: Asking, request: HttpRequest, order: Order) -> HttpResponse:
    def put_off(filled: PutOffForm) -> str:
        now = timezone.now()
        row = swapping.put_off(order_no=order.order_no, operator=operator(request), at=now, **filled.said())
        return f"已通知买家，请在 {days.minute(row.answer_until, at=now)} 前答复；逾期视为等待。"

    lines = swapping.swappable(planning.standing_of(order))
    return page.ask(request, partial(PutOffForm, lines=lines), put_off, row=order, heading=order.order_no)


# Offering a delay stands with after-sales, for other goods or money may be what comes of it.
DELAYS: Final = Part(
    room="aftersales",
    buttons=[
        Button(
            name="put_off",
            title="登记无法按时发货",
            path="put-off",
            needs="deadlines.offer_delay",
            icon="event_busy",
            press=_put_off,
            usable=owed,
        )
    ],
)
