"""Who holds what without having paid, over all goods: the lines of unpaid orders, those with the most units first."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString

from apps.base.admin import ReadOnlyAdmin, link
from apps.base.admin_lists import NarrowFirst
from apps.orders import reach
from apps.orders import selectors as order_facts
from apps.orders.models import OrderLine
from apps.orders.parts import OfOrders


@admin.register(OrderLine)
class UnpaidAdmin(OfOrders, ReadOnlyAdmin):
    """What members keep from others until they pay or their time is over; an order is closed on its own page."""

    list_display = ["quantity", "called", "code", "buyer", "order_shown", "until"]
    list_display_links = None
    list_select_related = ["order__member", "sku"]
    search_fields = ["sku__code", "title", "option_text", "=order__order_no", "order__member__nickname"]
    search_help_text = "按商家编码、商品、规格、订单号或昵称查找"
    linked_by = ["sku__product", "order__member__id__exact"]
    ordering = ["-quantity", "order__expires_at", "id"]
    # A rush leaves a hundred thousand of them, and their order is of two tables.
    paginator = NarrowFirst
    fields = ["called", "code", "quantity", "buyer", "order_shown", "until"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderLine]:
        return order_facts.unpaid_lines(super().get_queryset(request))

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> OrderLine | None:
        """Any line, also one whose order was paid since the list was drawn."""
        lines = reach.narrowed(OrderLine.objects.all(), operator=request.user, of=self.of_order)
        lines = lines.select_related(*self.list_select_related)
        return lines.filter(pk=object_id).first() if object_id.isdecimal() else None

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list under the name by which the sidebar knows it."""
        return super().changelist_view(request, {"title": "待付款占用", **(extra_context or {})})

    @admin.display(description="商品", ordering="title")
    def called(self, row: OrderLine) -> str:
        whole = f"{row.title} {row.option_text}".strip()
        return f"{row.mark}{whole}"

    @admin.display(description="商家编码", ordering="sku__code")
    def code(self, row: OrderLine) -> str:
        return row.sku.code

    @admin.display(description="会员", ordering="order__member__nickname")
    def buyer(self, row: OrderLine) -> SafeString:
        return link(reverse("admin:members_member_change", args=[row.order.member_id]), str(row.order.member))

    @admin.display(description="订单", ordering="order__order_no")
    def order_shown(self, row: OrderLine) -> SafeString:
        return link(reverse("admin:orders_order_change", args=[row.order_id]), row.order.order_no)

    @admin.display(description="支付截止", ordering="order__expires_at")
    def until(self, row: OrderLine) -> Any:
        return row.order.expires_at
