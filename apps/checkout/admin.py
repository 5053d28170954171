"""The order page of the operators: everything about an order on one page, and what may be done to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from unfold.decorators import action, display

from apps.base import audit
from apps.base.admin import ReadOnlyAdmin, ReadOnlyTabular, yuan_column
from apps.base.logs import mask
from apps.checkout import closing
from apps.checkout.ship_form import CorrectForm, ShipForm
from apps.fulfillment.models import Parcel, ShippingUpload
from apps.fulfillment.services import parcels
from apps.orders.models import Order, OrderLine, OrderMove
from apps.orders.states import Actor, Status
from apps.payments.models import Payment
from mall.errors import ShopError
from mall.money import yuan

_COLOURS = {
    Status.UNPAID: "warning",
    Status.GATHERING: "info",
    Status.PAID: "danger",
    Status.SHIPPED: "info",
    Status.RECEIVED: "success",
}


def reductions_shown(rows: list[dict[str, Any]]) -> SafeString | str:
    """Return reductions as lines of "label −¥amount"."""
    if not rows:
        return "—"
    return format_html_join(
        mark_safe("<br>"),
        "{} −¥{}",
        ((row["label"], yuan(row["amount_fen"])) for row in rows),
    )


class LineInline(ReadOnlyTabular):
    """What was bought, at which price, and why at that price."""

    model = OrderLine
    verbose_name_plural = "商品与优惠"
    unit_price = yuan_column("unit_price_fen", "单价")
    list_price = yuan_column("list_fen", "原价")
    payable = yuan_column("payable_fen", "实付")
    fields = ["title", "option_text", "quantity", "unit_price", "list_price", "why", "payable"]
    readonly_fields = fields

    @admin.display(description="优惠明细")
    def why(self, row: OrderLine) -> SafeString | str:
        return reductions_shown(row.reductions)


class PaymentInline(ReadOnlyTabular):
    """Attempts to pay."""

    model = Payment
    verbose_name_plural = "支付"
    amount = yuan_column("amount_fen", "应收")
    captured = yuan_column("captured_fen", "实收")
    refunded = yuan_column("refunded_fen", "已退")
    fields = [
        "payment_no",
        "status",
        "amount",
        "captured",
        "refunded",
        "transaction_id",
        "captured_at",
        "is_surplus",
    ]
    readonly_fields = fields


class ParcelInline(ReadOnlyTabular):
    """What was sent."""

    model = Parcel
    verbose_name_plural = "包裹"
    fields = ["parcel_no", "carrier", "tracking_no", "content", "shipped_at", "operator", "correct"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Parcel]:
        return (
            super()
            .get_queryset(request)
            .select_related("carrier", "operator")
            .prefetch_related("lines__order_line")
        )

    @admin.display(description="内容")
    def content(self, row: Parcel) -> str:
        return "；".join(f"{line.order_line.title} × {line.quantity}" for line in row.lines.all())

    @admin.display(description="更正")
    def correct(self, row: Parcel) -> SafeString:
        url = reverse("admin:orders_order_correct", args=[row.order_id, row.parcel_no])
        return format_html('<a class="underline" href="{}">修改单号</a>', url)


class UploadInline(ReadOnlyTabular):
    """What WeChat was told."""

    model = ShippingUpload
    verbose_name_plural = "微信发货信息"
    fields = ["status", "uploaded_parcels", "uploaded_at", "last_error"]
    readonly_fields = fields


class MoveInline(ReadOnlyTabular):
    """Every move, with who and when."""

    model = OrderMove
    verbose_name_plural = "历史"
    fields = ["at", "move", "from_status", "to_status", "actor", "operator", "note"]
    readonly_fields = fields


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    """Orders, newest first. Nothing here is edited; the buttons call services."""

    goods = yuan_column("goods_fen", "商品金额")
    reduction = yuan_column("reduction_fen", "优惠")
    shipping = yuan_column("shipping_fen", "运费")
    payable = yuan_column("payable_fen", "应付")
    list_display = ["order_no", "state", "buyer", "goods_listed", "payable", "created_at", "paid_at"]
    list_filter = ["status", "created_at", "paid_at"]
    list_select_related = ["member"]
    search_fields = ["order_no", "lines__title", "parcels__tracking_no", "payments__transaction_id"]
    search_help_text = "订单号、商品、快递单号或微信支付单号"
    date_hierarchy = "created_at"
    fieldsets = [
        (None, {"fields": [("order_no", "state"), ("buyer", "remark")]}),
        ("金额", {"fields": [("goods", "reduction", "shipping", "payable"), "offers"]}),
        ("收货信息", {"fields": ["receiver"]}),
        (
            "时间",
            {"fields": [("created_at", "expires_at", "paid_at"), ("shipped_at", "received_at", "closed_at")]},
        ),
    ]
    readonly_fields = ["state", "buyer", "goods", "reduction", "shipping", "payable", "offers", "receiver"]
    inlines = [LineInline, PaymentInline, ParcelInline, UploadInline, MoveInline]
    actions_detail = ["ship", "reveal", "close", "upload_again"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        return super().get_queryset(request).select_related("member").prefetch_related("lines")

    def has_operate_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Whether this operator may act on orders, not only read them."""
        return request.user.has_perm("orders.change_order")

    def get_urls(self) -> list[Any]:
        return [
            path(
                "<int:order_id>/parcels/<str:parcel_no>/correct/",
                self.admin_site.admin_view(self.correct_view),
                name="orders_order_correct",
            ),
            *super().get_urls(),
        ]

    @display(description="状态", ordering="status", label=_COLOURS)
    def state(self, row: Order) -> tuple[str, str]:
        return row.status, row.get_status_display()

    @admin.display(description="买家", ordering="member__nickname")
    def buyer(self, row: Order) -> str:
        return str(row.member)

    @admin.display(description="商品")
    def goods_listed(self, row: Order) -> str:
        return "；".join(f"{line.title} × {line.quantity}" for line in row.lines.all())[:60]

    @admin.display(description="生效优惠")
    def offers(self, row: Order) -> SafeString | str:
        return reductions_shown(row.applied)

    @admin.display(description="收货人（已脱敏）")
    def receiver(self, row: Order) -> str:
        told = row.address
        name, phone = str(told.get("name", "")), str(told.get("phone", ""))
        region = "".join(str(told.get(part, "")) for part in ("province", "city", "district"))
        return f"{name[:1]}** {mask(phone) if len(phone) == 11 else phone[:2] + '****'} {region}****"

    @action(description="发货", url_path="ship", permissions=["operate"], icon="local_shipping")
    def ship(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order = self._order(request, object_id)
        left = parcels.units_left(order)
        lines = list(order.lines.all())
        form = ShipForm(request.POST if request.method == "POST" else None, lines=lines, left=left)

        def send(filled: ShipForm) -> str:
            parcel = parcels.ship(
                order_no=order.order_no,
                carrier_code=filled.cleaned_data["carrier"].code,
                tracking_no=filled.cleaned_data["tracking_no"],
                quantities=filled.quantities(),
                operator=request.user,
                at=timezone.now(),
            )
            return f"包裹 {parcel.parcel_no} 已发出，发货信息将自动上传微信。"

        if request.method == "GET":
            self._audit(request, order, "发货页查看收货信息")
        return self._form_page(request, order, form, send, title="发货", address=_whole_address(order))

    def correct_view(self, request: HttpRequest, order_id: int, parcel_no: str) -> HttpResponse:
        """Show and take the correction of a parcel's number."""
        order = self._order(request, str(order_id))
        parcel = Parcel.objects.filter(order=order, parcel_no=parcel_no).select_related("carrier").first()
        if parcel is None or not self.has_operate_permission(request):
            raise Http404
        form = CorrectForm(
            request.POST if request.method == "POST" else None,
            initial={"carrier": parcel.carrier.code, "tracking_no": parcel.tracking_no},
        )

        def put_right(filled: CorrectForm) -> str:
            parcels.correct(
                parcel_no=parcel_no,
                carrier_code=filled.cleaned_data["carrier"].code,
                tracking_no=filled.cleaned_data["tracking_no"],
                operator=request.user,
                at=timezone.now(),
            )
            return "快递单号已修改，将重新上传微信（每笔支付微信只允许更正一次）。"

        return self._form_page(request, order, form, put_right, title="修改快递单号")

    @action(description="查看完整收货信息", url_path="reveal", permissions=["operate"], icon="visibility")
    def reveal(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order = self._order(request, object_id)
        self._audit(request, order, "查看收货信息")
        self.message_user(request, _whole_address(order))
        return self._back(order)

    @action(description="关闭订单", url_path="close", permissions=["operate"], icon="cancel")
    def close(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order = self._order(request, object_id)
        try:
            closed = closing.close_unpaid(
                order_no=order.order_no, why="商家关闭", actor=Actor.OPERATOR, at=timezone.now()
            )
        except ShopError as refusal:
            self.message_user(request, refusal.text, level=messages.ERROR)
        else:
            text, level = (
                ("订单已关闭。", messages.SUCCESS)
                if closed
                else ("只有待付款的订单可以关闭。", messages.ERROR)
            )
            self.message_user(request, text, level=level)
        return self._back(order)

    @action(description="重新上传发货信息", url_path="upload", permissions=["operate"], icon="cloud_upload")
    def upload_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order = self._order(request, object_id)
        try:
            parcels.upload_again(order_no=order.order_no, at=timezone.now())
        except ShopError as refusal:
            self.message_user(request, refusal.text, level=messages.ERROR)
        else:
            self.message_user(request, "已排队，稍后自动上传。")
        return self._back(order)

    def _order(self, request: HttpRequest, object_id: str) -> Order:
        order = self.get_object(request, object_id)
        if order is None:
            raise Http404
        return order

    def _back(self, order: Model) -> HttpResponse:
        return redirect("admin:orders_order_change", order.pk)

    def _audit(self, request: HttpRequest, order: Order, act: str) -> None:
        audit.record(operator=request.user, action=act, subject=order.order_no, at=timezone.now())

    def _form_page(
        self,
        request: HttpRequest,
        order: Order,
        form: Any,
        carry_out: Callable[[Any], str],
        *,
        title: str,
        address: str = "",
    ) -> HttpResponse:
        """Show ``form``; when it is sent, carry it out and say so, or show why the service refused."""
        if isinstance(form, Form) and form.is_valid():
            try:
                done = carry_out(form)
            except ShopError as refusal:
                form.add_error(None, refusal.text)
            else:
                self.message_user(request, done, level=messages.SUCCESS)
                return self._back(order)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{title} · {order.order_no}",
            "button": title,
            "form": form,
            "order": order,
            "address": address,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/orders/form.html", context)


def _whole_address(order: Order) -> str:
    told = order.address
    parts = ("name", "phone", "province", "city", "district", "detail", "postal_code")
    return " ".join(str(told[part]) for part in parts if told.get(part))
