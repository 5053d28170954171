"""The order page of the operators: everything about an order on one page, and what may be done to it now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString

from apps.aftersales import parts as aftersales
from apps.base.admin import ReadOnlyAdmin, for_chosen, link, yuan_column
from apps.base.finding import Name, Number, Phone, Title
from apps.base.parts import Parted
from apps.checkout import activities
from apps.checkout import parts as checkout
from apps.complaints import parts as complaints
from apps.coupons import parts as coupons
from apps.deadlines import parts as deadlines
from apps.fulfillment import parts as fulfillment
from apps.orders import parts as orders
from apps.orders.models import Order
from apps.orders.states import ONLINE, DeliveryKind, Status
from apps.payments import parts as payments
from apps.payments import selectors as payment_facts
from apps.payments.admin import money_shown
from apps.payments.states import money_back
from apps.pickup import parts as pickup


class StatusFilter(admin.ChoicesFieldListFilter):
    """Orders by status; one that only an activity brings is offered where the shop has such an activity."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        shown = {str(status.label) for status in activities.statuses()}
        offered = list(super().choices(changelist))
        # The first is "all".
        return iter([offered[0], *(choice for choice in offered[1:] if choice["display"] in shown)])


class DeliveryFilter(admin.SimpleListFilter):
    """Orders by how they come to their buyers."""

    title = "配送方式"
    parameter_name = "delivery_by"
    online = "ONLINE"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        kinds = [(kind.value, str(kind.label)) for kind in DeliveryKind]
        return [*kinds, (self.online, ONLINE)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        if self.value() == DeliveryKind.EXPRESS:
            return queryset.filter(delivery__isnull=True, virtual=False)
        if self.value() == self.online:
            return queryset.filter(virtual=True)
        if self.value() in DeliveryKind.values:
            return queryset.filter(delivery__isnull=False, delivery__kind=self.value())
        return queryset


@admin.register(Order)
class OrderAdmin(orders.OfOrders, Parted, ReadOnlyAdmin):
    """Orders, newest first, put together from what the rooms offer. Nothing is edited; the buttons call services."""

    of_order = ""
    goods = yuan_column("goods_fen", "商品金额")
    reduction = yuan_column("reduction_fen", "优惠")
    shipping = yuan_column("shipping_fen", "运费")
    payable = yuan_column("payable_fen", "应付")
    balance = yuan_column("balance_fen", "其中储值支付")
    refunded = yuan_column("refunded_fen", "售后已退")
    list_display = ["order_no", "state", "buyer", "goods_listed", "payable", "created_at", "paid_at"]
    list_filter = [("status", StatusFilter), DeliveryFilter, "created_at", "paid_at"]
    list_select_related = ["member"]
    found_by = (
        Number("order_no", ends=True),
        Title("lines", "sku__product__title"),
        Number("parcels__tracking_no", ends=True),
        Number("payments__transaction_id"),
        Number("payments__payment_no"),
        Name("member__nickname"),
        Phone("member__phone"),
        Phone("address__phone"),
    )
    search_help_text = "订单号、商品、昵称、手机号（完整或后四位）、快递单号或微信支付单号"
    date_hierarchy = "created_at"
    linked_by = ["member__id__exact"]
    # When it was shipped, received or closed is told by the history below.
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("order_no", "state", "customer"),
                    ("created_at", "paid_at", "expires_at"),
                    ("receiver", "remark"),
                    ("delivery_shown", "activity_shown"),
                    "packing_shown",
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
        "delivery_shown",
        "activity_shown",
        "packing_shown",
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
    parts = (
        fulfillment.SENDING,
        deadlines.DEADLINE,
        aftersales.DELAYS,
        fulfillment.WAYBILLS,
        pickup.LOCAL,
        checkout.CLOSING,
        orders.LINES,
        payments.ATTEMPTS,
        aftersales.REFUNDS,
        complaints.COMPLAINTS,
        fulfillment.PARCELS,
        orders.HISTORY,
        coupons.COMPENSATION,
    )

    actions_row = ["ship"]
    actions = ["print_pick_list", "print_slips"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        rows: QuerySet[Order] = super().get_queryset(request)
        rows = payment_facts.with_money_statuses(rows)
        return rows.select_related("member").prefetch_related("lines")

    @for_chosen(description="打印拣货单", permission="orders.change_order")
    def print_pick_list(self, request: HttpRequest, chosen: QuerySet[Order]) -> HttpResponse:
        return fulfillment.pick_list(request, chosen)

    @for_chosen(description="打印装箱单", permission="orders.change_order")
    def print_slips(self, request: HttpRequest, chosen: QuerySet[Order]) -> HttpResponse:
        return fulfillment.packing_slips(request, chosen)

    @admin.display(description="状态", ordering="status")
    def state(self, row: Any) -> SafeString:
        if row.status == Status.REFUNDED:
            # The units are gone at once; what operators want to know is where the money is.
            return money_shown(money_back(row.money_statuses))
        return orders.status_shown(row.status, of=row)

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

    @admin.display(description="配送方式")
    def delivery_shown(self, row: Order) -> SafeString | str:
        return pickup.delivery_shown(row)

    @admin.display(description="包装")
    def packing_shown(self, row: Order) -> str:
        if not row.packing:
            return "—"
        if not row.is_wrapped:
            return f"{row.packing['name']}（已退款，无需包装）"
        return f"{row.packing['name']}{f'，贺卡：{row.card}' if row.card else ''}"

    @admin.display(description="营销活动")
    def activity_shown(self, row: Order) -> str:
        if not row.activity:
            return "—"
        told = f"{activities.label_of(row)}：{row.activity['title']}"
        # Why there is no button to ship it yet.
        told = f"{told}（虚拟商品，卡密在线交付）" if row.virtual else told
        return f"{told}（商品未到货，到货后才能发货）" if row.awaits_goods else told

    @admin.display(description="生效优惠")
    def offers(self, row: Order) -> SafeString | str:
        return orders.reductions_shown(row.applied)

    @admin.display(description="未生效优惠")
    def declined_offers(self, row: Order) -> SafeString | str:
        return orders.refusals_shown(row.declined)

    @admin.display(description="价格提醒")
    def floor(self, row: Order) -> str:
        return "；".join(row.price_warnings) or "—"

    @admin.display(description="收货人（已脱敏）")
    def receiver(self, row: Order) -> str:
        told = row.address
        if row.address_erased_at:
            return "已按保存期限清空"
        return orders.masked_address(told)
