"""The order page of the operators: everything about an order on one page, and what may be done to it now."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.safestring import SafeString
from unfold.decorators import action
from unfold.enums import ActionVariant

from apps.base import audit
from apps.base.admin import ReadOnlyAdmin, link, yuan_column
from apps.base.asking import AskForm, operator
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
from apps.desk.ship_form import CloseForm, CorrectForm, ShipForm, UploadAgainForm
from apps.fulfillment.models import Parcel, ShippingUpload
from apps.fulfillment.services import parcels
from apps.fulfillment.states import UploadStatus
from apps.orders.models import Order
from apps.orders.states import Actor, Status


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

    def usable(self, row: Order) -> set[str]:
        """The names of the buttons that make sense in an order's status: at most one query."""
        usable = {"reveal"}
        if row.paid_at is not None:
            usable.add("compensate")
        if row.status == Status.PAID:
            usable.add("ship")
        if row.status == Status.UNPAID:
            usable.add("close_order")
        if ShippingUpload.objects.filter(order=row, status=UploadStatus.FAILED).exists():
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
        permissions=["orders.change_order"],
        icon="local_shipping",
        variant=ActionVariant.PRIMARY,
    )
    def ship(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order: Order = self.row(request, object_id)
        left = parcels.units_left(order)
        lines = list(order.lines.all())

        def send(filled: ShipForm) -> str:
            parcel = parcels.ship(
                order_no=order.order_no,
                carrier_code=filled.cleaned_data["carrier"].code,
                tracking_no=filled.cleaned_data["tracking_no"],
                quantities=filled.quantities(),
                operator=operator(request),
                at=timezone.now(),
            )
            return f"包裹 {parcel.parcel_no} 已发出，发货信息将自动上传微信。"

        if order.status != Status.PAID:
            self.message_user(request, parcels.NotShippable.message, level=messages.ERROR)
            return redirect(self.page_of(order))
        if request.method == "GET":
            self._audit(request, order, "发货页查看收货信息")
        facts = [("收货信息", _whole_address(order)), ("买家留言", order.remark)]
        return self.ask(
            request,
            partial(ShipForm, lines=lines, left=left),
            send,
            row=order,
            heading=order.order_no,
            facts=[(label, text) for label, text in facts if text],
        )

    def correct_view(self, request: HttpRequest, order_id: int, parcel_no: str) -> HttpResponse:
        """Show and take the correction of a parcel's number."""
        if not request.user.has_perm("orders.change_order"):
            raise PermissionDenied
        order: Order = self.row(request, str(order_id))
        parcel = Parcel.objects.filter(order=order, parcel_no=parcel_no).select_related("carrier").first()
        if parcel is None:
            raise Http404

        def put_right(filled: CorrectForm) -> str:
            parcels.correct(
                parcel_no=parcel_no,
                carrier_code=filled.cleaned_data["carrier"].code,
                tracking_no=filled.cleaned_data["tracking_no"],
                operator=operator(request),
                at=timezone.now(),
            )
            return "快递单号已修改，将重新上传微信（每笔支付微信只允许更正一次）。"

        return self.ask(
            request,
            CorrectForm,
            put_right,
            row=order,
            heading=f"{order.order_no} · 包裹 {parcel_no}",
            initial={"carrier": parcel.carrier.code, "tracking_no": parcel.tracking_no},
        )

    @action(
        description="查看完整收货信息",
        url_path="reveal",
        permissions=["orders.change_order"],
        icon="visibility",
    )
    def reveal(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the address on a page that no cache and no cookie keeps, and note who looked."""
        order: Order = self.row(request, object_id)
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

    @action(
        description="补偿发券",
        url_path="compensate",
        permissions=["coupons.compensate_coupon"],
        icon="volunteer_activism",
    )
    def compensate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the page that gives the member of this order a coupon for it."""
        order: Order = self.row(request, object_id)
        known = urlencode({"member": order.member.public_id, "order_no": order.order_no})
        return redirect(f"{reverse('admin:coupons_coupon_compensate')}?{known}")

    @action(
        description="关闭订单",
        url_path="close",
        permissions=["orders.change_order"],
        icon="cancel",
        variant=ActionVariant.DANGER,
    )
    def close_order(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order: Order = self.row(request, object_id)

        def close(_: AskForm) -> str:
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

        return self.ask(request, CloseForm, close, row=order, heading=order.order_no)

    @action(
        description="重新上传发货信息",
        url_path="upload",
        permissions=["orders.change_order"],
        icon="cloud_upload",
    )
    def upload_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order: Order = self.row(request, object_id)

        def ask(_: AskForm) -> str:
            parcels.upload_again(order_no=order.order_no, at=timezone.now())
            return "已排队，稍后自动上传。"

        return self.ask(request, UploadAgainForm, ask, row=order, heading=order.order_no)

    def _audit(self, request: HttpRequest, order: Order, act: str) -> None:
        audit.record(operator=request.user, action=act, subject=order.order_no, at=timezone.now())


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
