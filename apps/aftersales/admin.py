"""Refunds for operators: a list of all of them; they are made on the order's page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import F, Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from apps.aftersales import admin_applications, admin_rules, story
from apps.aftersales import selectors as refund_facts
from apps.base.admin import ReadOnlyAdmin, ReadOnlyTabular, link, yuan_column
from apps.base.finding import Number
from apps.base.seeking import Recent
from apps.coupons.models import Coupon
from apps.orders.models import OrderRefund, OrderRefundLine
from apps.orders.parts import OfOrders
from apps.payments.admin import money_shown
from apps.payments.states import MONEY_OF, MoneyBack
from mall import money

__all__ = ["OrderRefundAdmin", "RefundLineInline", "Shown", "admin_applications", "admin_rules"]


class Shown:
    """How a refund is shown, in its list, on its page, and on its order's."""

    goods = yuan_column("goods_fen", "其中商品")
    shipping = yuan_column("shipping_fen", "其中运费")
    wechat = yuan_column("wechat_fen", "退至微信")
    balance = yuan_column("balance_fen", "退至储值")

    @admin.display(description="退款金额", ordering=F("goods_fen") + F("shipping_fen"))
    def amount(self, row: OrderRefund) -> str:
        return money.priced(row.amount_fen)

    @admin.display(description="到账状态")
    def state(self, row: Any) -> SafeString:
        """WeChat's part as it stands, and the way to it; what only stored value got back is there at once."""
        if row.money_status is None:
            return money_shown(MoneyBack.DONE)
        shown = money_shown(MONEY_OF[row.money_status])
        return link(reverse("admin:payments_refund_change", args=[row.money_id]), shown)

    @admin.display(description="退款商品")
    def content(self, row: OrderRefund) -> SafeString | str:
        lines = [
            (part.order_line.title, f"× {part.units}" if part.units else "差价") for part in row.lines.all()
        ]
        return format_html_join(mark_safe("<br>"), "{} {}", lines) or "仅运费"

    @admin.display(description="积分")
    def points(self, row: OrderRefund) -> str:
        said = []
        if row.points_back:
            said.append(f"退回 {row.points_back}")
        if row.points_taken:
            short = f"（其中 {row.points_short} 记为欠积分）" if row.points_short else ""
            said.append(f"扣回 {row.points_taken}{short}")
        return "，".join(said) or "—"

    @admin.display(description="赠券")
    def gifts(self, row: OrderRefund) -> str:
        said = [f"收回 {row.coupons_revoked} 张"] if row.coupons_revoked else []
        if row.coupons_spent:
            said.append(f"{len(row.coupons_spent)} 张已被使用，未能收回")
        return "，".join(said) or "—"


class RefundLineInline(ReadOnlyTabular):
    """Its units, line by line."""

    model = OrderRefundLine
    verbose_name_plural = "退款商品"
    amount = yuan_column("amount_fen", "金额")
    fields = ["called", "units", "units_sent", "restocked", "amount"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderRefundLine]:
        rows: QuerySet[OrderRefundLine] = super().get_queryset(request)
        return rows.select_related("order_line")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("orders.view_orderrefund")

    @admin.display(description="商品")
    def called(self, row: OrderRefundLine) -> str:
        line = row.order_line
        return f"{line.mark}{line.title} {line.option_text}".strip()


class MoneyFilter(admin.SimpleListFilter):
    """How WeChat's part of a refund stands."""

    title = "到账状态"
    parameter_name = "money"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("none", "无需微信退款"), *((state.value, str(state.label)) for state in MoneyBack)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        if self.value() == "none":
            return queryset.filter(money_status=None)
        meant = [status for status, state in MONEY_OF.items() if state == self.value()]
        return queryset.filter(money_status__in=meant)


@admin.register(OrderRefund)
class OrderRefundAdmin(OfOrders, Shown, ReadOnlyAdmin):
    """All refunds of orders, newest first; they are made on the order's page."""

    list_display = [
        "refund_no",
        "order_shown",
        "state",
        "amount",
        "wechat",
        "balance",
        "content",
        "reason",
        "operator",
        "at",
    ]
    list_filter = [MoneyFilter, "operator", "at"]
    list_select_related = ["order", "operator"]
    found_by = (
        Number("refund_no"),
        Number("order__order_no", ends=True),
        Recent("reason"),
        Recent("lines__order_line__title"),
    )
    search_help_text = "售后退款单号或订单号；原因和商品在最近 10 万笔里查找"
    date_hierarchy = "at"
    fieldsets = [
        (
            None,
            {"fields": [("refund_no", "order_shown", "state"), ("reason", "operator", "at")]},
        ),
        ("金额", {"fields": [("amount", "goods", "shipping"), ("wechat", "balance")]}),
        ("积分与赠券", {"fields": [("points", "growth_taken"), ("gifts", "gifts_spent")]}),
        ("全部经过", {"fields": ["application", "story"]}),
    ]
    readonly_fields = [
        "order_shown",
        "state",
        "amount",
        "goods",
        "shipping",
        "wechat",
        "balance",
        "points",
        "gifts",
        "gifts_spent",
        "application",
        "story",
    ]
    inlines = [RefundLineInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderRefund]:
        rows: QuerySet[OrderRefund] = super().get_queryset(request)
        return refund_facts.with_money(rows).prefetch_related("lines__order_line")

    @admin.display(description="订单", ordering="order__order_no")
    def order_shown(self, row: OrderRefund) -> SafeString:
        return link(reverse("admin:orders_order_change", args=[row.order_id]), row.order.order_no)

    @admin.display(description="售后申请")
    def application(self, row: OrderRefund) -> SafeString | str:
        asked = row.after_sales.first()
        if asked is None:
            return "—"
        return link(reverse("admin:aftersales_aftersale_change", args=[asked.pk]), asked.after_sale_no)

    @admin.display(description="经过")
    def story(self, row: OrderRefund) -> SafeString:
        """Everything that happened, whichever book it stands in."""
        lines = (
            (timezone.localtime(one.at).strftime("%Y-%m-%d %H:%M:%S"), one.who, one.what, one.words)
            for one in story.of(row)
        )
        return format_html_join(
            mark_safe("<br>"),
            '<span class="text-font-subtle-light">{}</span> {} <strong>{}</strong> {}',
            lines,
        )

    @admin.display(description="未能收回的赠券")
    def gifts_spent(self, row: OrderRefund) -> SafeString | str:
        """The coupons with the way to each: whoever deals with the buyer decides what follows."""
        spent = Coupon.objects.filter(public_id__in=row.coupons_spent).select_related("template")
        lines = (
            (
                link(reverse("admin:coupons_coupon_change", args=[coupon.pk]), coupon.template.name),
                coupon.get_status_display(),
                coupon.order_no or "—",
            )
            for coupon in spent
        )
        return format_html_join(mark_safe("<br>"), "{}（{}，订单 {}）", lines) or "—"
