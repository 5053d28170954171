"""The order page of the operators: everything about an order on one page, and what may be done to it now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.safestring import SafeString
from unfold.dataclasses import UnfoldAction
from unfold.decorators import action
from unfold.enums import ActionVariant

from apps.base import audit
from apps.base.admin import ReadOnlyAdmin, link, yuan_column
from apps.base.logs import mask
from apps.checkout import closing
from apps.desk.order_parts import (
    LineInline,
    MoveInline,
    ParcelInline,
    PaymentInline,
    UploadInline,
    reductions_shown,
    refusals_shown,
    status_shown,
)
from apps.desk.ship_form import CorrectForm, ShipForm
from apps.fulfillment.models import Parcel, ShippingUpload
from apps.fulfillment.services import parcels
from apps.fulfillment.states import UploadStatus
from apps.orders.models import Order
from apps.orders.states import Actor, Status
from mall.errors import ShopError


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    """Orders, newest first. Nothing here is edited; the buttons call services."""

    goods = yuan_column("goods_fen", "商品金额")
    reduction = yuan_column("reduction_fen", "优惠")
    shipping = yuan_column("shipping_fen", "运费")
    payable = yuan_column("payable_fen", "应付")
    balance = yuan_column("balance_fen", "其中储值支付")
    refunded = yuan_column("refunded_fen", "已退款")
    list_display = ["order_no", "state", "buyer", "goods_listed", "payable", "created_at", "paid_at"]
    list_filter = ["status", "created_at", "paid_at"]
    list_select_related = ["member"]
    search_fields = [
        "order_no",
        "lines__title",
        "parcels__tracking_no",
        "payments__transaction_id",
        "payments__payment_no",
        "member__nickname",
        "=member__phone",
        "=address__phone",
    ]
    search_help_text = "订单号、商品、昵称、完整手机号、快递单号或微信支付单号"
    date_hierarchy = "created_at"
    # When it was shipped, received or closed is told by the history below.
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("order_no", "state", "customer"),
                    ("created_at", "paid_at", "expires_at"),
                    ("receiver", "remark"),
                ]
            },
        ),
        (
            "金额",
            {
                "fields": [
                    ("goods", "reduction", "shipping", "payable"),
                    ("points_used", "balance", "refunded"),
                    ("offers", "declined_offers"),
                    "floor",
                ]
            },
        ),
    ]
    readonly_fields = [
        "state",
        "customer",
        "goods",
        "reduction",
        "shipping",
        "payable",
        "balance",
        "refunded",
        "offers",
        "declined_offers",
        "floor",
        "receiver",
    ]
    inlines = [LineInline, PaymentInline, ParcelInline, UploadInline, MoveInline]
    actions_detail = ["ship", "close_order", "upload_again", "reveal", "compensate"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        rows: QuerySet[Order] = super().get_queryset(request)
        return rows.select_related("member").prefetch_related("lines")

    def has_operate_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Whether this operator may act on orders, not only read them."""
        return request.user.has_perm("orders.change_order")

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[UnfoldAction]:
        """Only the buttons that lead somewhere in the order's status; the services decide all the same."""
        order = self.get_object(request, str(object_id))
        usable = self.usable_buttons(order) if order else set()
        return [
            button
            for button in super().get_actions_detail(request, object_id)
            if button.action_name.removeprefix("orders_order_") in usable
        ]

    def usable_buttons(self, order: Order) -> set[str]:
        """The names of the buttons that make sense in an order's status: at most one query."""
        usable = {"reveal"}
        if order.paid_at is not None:
            usable.add("compensate")
        if order.status == Status.PAID:
            usable.add("ship")
        if order.status == Status.UNPAID:
            usable.add("close_order")
        if ShippingUpload.objects.filter(order=order, status=UploadStatus.FAILED).exists():
            usable.add("upload_again")
        return usable

    def get_urls(self) -> list[Any]:
        return [
            path(
                "<int:order_id>/parcels/<str:parcel_no>/correct/",
                self.admin_site.admin_view(self.correct_view),
                name="orders_order_correct",
            ),
            *super().get_urls(),
        ]

    @admin.display(description="状态", ordering="status")
    def state(self, row: Order) -> SafeString:
        return status_shown(row.status)

    @admin.display(description="买家", ordering="member__nickname")
    def buyer(self, row: Order) -> str:
        return str(row.member)

    @admin.display(description="买家")
    def customer(self, row: Order) -> SafeString:
        return link(reverse("admin:members_member_change", args=[row.member_id]), str(row.member))

    @admin.display(description="商品")
    def goods_listed(self, row: Order) -> str:
        whole = "；".join(str(line) for line in row.lines.all())
        return whole if len(whole) <= 60 else f"{whole[:60]}…"

    @admin.display(description="生效优惠")
    def offers(self, row: Order) -> SafeString | str:
        return reductions_shown(row.applied)

    @admin.display(description="未生效优惠")
    def declined_offers(self, row: Order) -> SafeString | str:
        return refusals_shown(row.declined)

    @admin.display(description="价格提醒")
    def floor(self, row: Order) -> str:
        return "；".join(row.price_warnings) or "—"

    @admin.display(description="收货人（已脱敏）")
    def receiver(self, row: Order) -> str:
        told = row.address
        if not told:
            return "—"
        name, phone = str(told.get("name", "")), str(told.get("phone", ""))
        region = "".join(str(told.get(part, "")) for part in ("province", "city", "district"))
        return f"{name[:1]}** {mask(phone) if len(phone) == 11 else phone[:2] + '****'} {region}****"

    @action(
        description="发货",
        url_path="ship",
        permissions=["operate"],
        icon="local_shipping",
        variant=ActionVariant.PRIMARY,
    )
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

        if order.status != Status.PAID:
            self.message_user(request, parcels.NotShippable.message, level=messages.ERROR)
            return self._back(order)
        if request.method == "GET":
            self._audit(request, order, "发货页查看收货信息")
        return self._form_page(request, order, form, send, title="发货", address=_whole_address(order))

    def correct_view(self, request: HttpRequest, order_id: int, parcel_no: str) -> HttpResponse:
        """Show and take the correction of a parcel's number."""
        if not self.has_operate_permission(request):
            raise PermissionDenied
        order = self._order(request, str(order_id))
        parcel = Parcel.objects.filter(order=order, parcel_no=parcel_no).select_related("carrier").first()
        if parcel is None:
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
        """Show the address on a page that no cache and no cookie keeps, and note who looked."""
        order = self._order(request, object_id)
        self._audit(request, order, "查看收货信息")
        context = {
            **self.admin_site.each_context(request),
            "title": f"收货信息 · {order.order_no}",
            "facts": _address_facts(order),
            "back": reverse("admin:orders_order_change", args=[order.pk]),
            "back_label": "返回订单",
            "opts": self.opts,
        }
        response = TemplateResponse(request, "admin/reveal.html", context)
        patch_cache_control(response, no_store=True, private=True)
        return response

    def has_compensate_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Whether this operator may give coupons as compensation."""
        return request.user.has_perm("coupons.compensate_coupon")

    @action(
        description="补偿发券", url_path="compensate", permissions=["compensate"], icon="volunteer_activism"
    )
    def compensate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the page that gives the member of this order a coupon for it."""
        order = self._order(request, object_id)
        known = urlencode({"member": order.member.public_id, "order_no": order.order_no})
        return redirect(f"{reverse('admin:coupons_coupon_compensate')}?{known}")

    @action(
        description="关闭订单",
        url_path="close",
        permissions=["operate"],
        icon="cancel",
        variant=ActionVariant.DANGER,
    )
    def close_order(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order = self._order(request, object_id)

        def close(_: Form) -> str:
            closed = closing.close_unpaid(
                order_no=order.order_no,
                why="商家关闭",
                actor=Actor.OPERATOR,
                operator=request.user,
                at=timezone.now(),
            )
            if not closed:
                raise closing.OrderNotCancellable("只有待付款的订单可以关闭")
            return "订单已关闭，占用的库存已释放。"

        form = Form(request.POST if request.method == "POST" else None)
        return self._form_page(
            request, order, form, close, title="关闭订单", warning="关闭后买家不能再付款，此操作不能撤销。"
        )

    @action(description="重新上传发货信息", url_path="upload", permissions=["operate"], icon="cloud_upload")
    def upload_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order = self._order(request, object_id)

        def ask(_: Form) -> str:
            parcels.upload_again(order_no=order.order_no, at=timezone.now())
            return "已排队，稍后自动上传。"

        form = Form(request.POST if request.method == "POST" else None)
        return self._form_page(
            request, order, form, ask, title="重新上传发货信息", warning="将把此订单的全部包裹重新上传微信。"
        )

    def _order(self, request: HttpRequest, object_id: str) -> Order:
        order: Order | None = self.get_object(request, object_id)
        if order is None:
            raise Http404
        return order

    def _back(self, order: Order) -> HttpResponse:
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
        warning: str = "",
    ) -> HttpResponse:
        """Show ``form``; when it is sent, carry it out and say so, or show why the service refused."""
        if form.is_valid():
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
            "warning": warning,
            "opts": self.opts,
        }
        response = TemplateResponse(request, "admin/orders/form.html", context)
        patch_cache_control(response, no_store=True, private=True)
        return response


_ADDRESS = {
    "name": "收货人",
    "phone": "手机号",
    "province": "省",
    "city": "市",
    "district": "区县",
    "detail": "详细地址",
    "postal_code": "邮编",
}


def _address_facts(order: Order) -> list[tuple[str, str]]:
    return [(label, str(order.address[part])) for part, label in _ADDRESS.items() if order.address.get(part)]


def _whole_address(order: Order) -> str:
    return " ".join(value for _, value in _address_facts(order))
