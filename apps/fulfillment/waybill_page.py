"""What an order's page says of electronic waybills: asking for one, printing it, taking it back."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminSelectWidget

from apps.base import audit
from apps.base.admin import chip, link
from apps.base.asking import AskForm, Asking, Done, ReasonForm, operator
from apps.base.parts import Button, Door, Part
from apps.fulfillment.admin_waybills import WAYBILL_COLOURS
from apps.fulfillment.models import Waybill, WaybillAccount
from apps.fulfillment.services import waybills
from apps.fulfillment.states import WaybillStatus
from apps.orders import versions
from apps.orders.models import Order
from apps.orders.parts import OrderPart
from apps.orders.states import Status
from mall.errors import ShopError

# What WeChat made is shown as a page of nobody: no script of it runs, nothing of the admin is in its reach.
_SANDBOX: Final = "sandbox allow-modals; default-src 'none'; img-src data: https:; style-src 'unsafe-inline'"


class IssueForm(AskForm):
    """With which courier and service."""

    title = "打印电子面单"
    explanation = "向微信物流助手申请电子面单：出单后自动发货并上传单号，包裹内是订单全部未发商品。"

    account = forms.ModelChoiceField(
        label="面单账号",
        queryset=WaybillAccount.objects.filter(bound=True).select_related("carrier"),
        widget=UnfoldAdminSelectWidget,
        empty_label="请选择",
        error_messages={"required": "请选择面单账号", "invalid_choice": "请选择列表中的面单账号"},
    )


class CancelForm(ReasonForm):
    """Why it is taken back."""

    title = "取消电子面单"
    explanation = "快递员揽收前可以取消。包裹保留原单号，直到更正单号或重新打印电子面单。"


class WaybillInline(OrderPart):
    """The order's waybills, with the ways to their print and to take them back."""

    model = Waybill
    verbose_name_plural = "电子面单"
    fields = ["waybill_no", "account", "state", "tracking_no", "asked_at", "last_error", "acts"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Waybill]:
        rows: QuerySet[Waybill] = super().get_queryset(request)
        return rows.select_related("account__carrier")

    @admin.display(description="状态")
    def state(self, row: Waybill) -> SafeString:
        return chip(row.get_status_display(), WAYBILL_COLOURS.get(row.status, ""))

    @admin.display(description="操作")
    def acts(self, row: Waybill) -> SafeString | str:
        if row.status != WaybillStatus.MADE:
            return "—"
        named = [row.order_id, row.waybill_no]
        ways = (("print_waybill", "打印"), ("cancel_waybill", "取消"))
        shown = [link(reverse(f"admin:orders_order_{name}", args=named), text) for name, text in ways]
        return format_html("{} {}", *shown)


def _issue(page: Asking, request: HttpRequest, order: Order) -> HttpResponse:
    def ask(filled: IssueForm) -> Done:
        row = waybills.issue(
            order_no=order.order_no,
            account_id=filled.cleaned_data["account"].pk,
            operator=operator(request),
            at=timezone.now(),
        )
        if row.status == WaybillStatus.REFUSED:
            return Done("未能出单。", warning=f"快递公司或微信拒绝：{row.last_error}")
        if row.status == WaybillStatus.ASKED:
            return Done("已提交。", warning="微信未及时答复，正在自动查询结果，请稍后刷新，不会重复出单。")
        return Done(f"已出单 {row.tracking_no}。", warning=row.last_error)

    seen = versions.of(order)
    return page.ask(request, IssueForm, ask, row=order, heading=order.order_no, seen=seen, outside=True)


def _print(page: Asking, request: HttpRequest, order: Order, *, waybill_no: str) -> HttpResponse:
    """WeChat's own print, which has the address on it: who printed it is written down."""
    row = _of(order, waybill_no)
    try:
        made = waybills.print_of(waybill_no=row.waybill_no)
    except ShopError as refusal:
        page.message_user(request, refusal.text, level=messages.ERROR)
        return redirect(page.page_of(order))
    audit.record(
        operator=operator(request),
        action="打印电子面单",
        subject=order.order_no,
        at=timezone.now(),
        row=order,
    )
    response = HttpResponse(made or "微信没有返回面单内容，请在微信打单软件中打印。")
    response["Content-Security-Policy"] = _SANDBOX
    patch_cache_control(response, no_store=True, private=True)
    return response


def _cancel(page: Asking, request: HttpRequest, order: Order, *, waybill_no: str) -> HttpResponse:
    row = _of(order, waybill_no)

    def take_back(_: CancelForm) -> str:
        waybills.cancel(waybill_no=row.waybill_no, at=timezone.now())
        return "电子面单已取消，请更正单号或重新打印电子面单。"

    heading = f"{order.order_no} · {row.tracking_no}"
    return page.ask(request, CancelForm, take_back, row=order, heading=heading, outside=True)


def _of(order: Order, waybill_no: str) -> Waybill:
    row = Waybill.objects.filter(order=order, waybill_no=waybill_no).first()
    if row is None:
        raise Http404
    return row


def _printable(order: Order) -> Any:
    """At most one statement: an order that waits, or one that left whose waybill may have been cancelled."""
    if not settings.WECHAT_WAYBILLS or order.virtual or order.awaits_goods or order.delivery is not None:
        return False
    return order.status == Status.PAID or (
        order.status == Status.SHIPPED and waybills.without_number(order) is not None
    )


WAYBILLS: Final = Part(
    room="fulfillment",
    inlines=[WaybillInline],
    buttons=[
        Button(
            name="issue_waybill",
            title="打印电子面单",
            path="waybill",
            needs="orders.change_order",
            icon="print",
            press=_issue,
            usable=_printable,
        )
    ],
    doors=[
        Door(
            name="print_waybill",
            path="waybills/<str:waybill_no>/print/",
            needs="orders.change_order",
            enter=_print,
        ),
        Door(
            name="cancel_waybill",
            path="waybills/<str:waybill_no>/cancel/",
            needs="orders.change_order",
            enter=_cancel,
        ),
    ],
)
