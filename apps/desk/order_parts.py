"""The parts of an order's page: its lines with their prices, payments, parcels, upload to WeChat, and history."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from apps.base.admin import chip, link, yuan_column
from apps.fulfillment.admin import UPLOAD_COLOURS
from apps.fulfillment.models import Parcel, ShippingUpload
from apps.orders.admin import OrderPart
from apps.orders.models import OrderLine, OrderMove
from apps.orders.states import MOVE_LABELS, Actor, Status
from apps.payments.admin import PAYMENT_COLOURS
from apps.payments.models import Payment
from mall.money import yuan

_ORDER_COLOURS: dict[str, str] = {
    Status.UNPAID: "warning",
    Status.GATHERING: "info",
    Status.PAID: "danger",
    Status.SHIPPED: "info",
    Status.RECEIVED: "success",
}


def status_shown(status: str) -> SafeString:
    """Return an order's status in Chinese on its colour."""
    return chip(Status(status).label, _ORDER_COLOURS.get(status, ""))


def reductions_shown(rows: list[dict[str, Any]]) -> SafeString | str:
    """Return reductions, as an order keeps them, as lines of "label −¥amount"."""
    if not rows:
        return "—"
    lines = ((row["label"], yuan(row["amount_fen"])) for row in rows)
    return format_html_join(mark_safe("<br>"), "{} −¥{}", lines)


def way_shown(row: OrderLine) -> SafeString | str:
    """Return a line's way from its list price to what is paid, a step on each row with what it leaves."""
    if not row.reductions:
        return "—"
    left_fen, steps = row.list_fen, []
    for reduction in row.reductions:
        left_fen -= reduction["amount_fen"]
        steps.append((reduction["label"], yuan(reduction["amount_fen"]), yuan(left_fen)))
    return format_html_join(mark_safe("<br>"), "{} −¥{} → ¥{}", steps)


def refusals_shown(rows: list[dict[str, Any]]) -> SafeString | str:
    """Return the offers that did not apply, as an order keeps them, those with the same reason on one line."""
    labels: dict[str, list[str]] = {}
    for row in rows:
        labels.setdefault(row["reason"], []).append(row["label"])
    lines = (("、".join(named), reason) for reason, named in labels.items())
    return format_html_join(mark_safe("<br>"), "{}：{}", lines) or "—"


class LineInline(OrderPart):
    """What was bought, at which price, and how that price came about, step by step."""

    model = OrderLine
    verbose_name_plural = "商品与优惠"
    unit_price = yuan_column("unit_price_fen", "单价")
    list_price = yuan_column("list_fen", "小计")
    payable = yuan_column("payable_fen", "实付")
    fields = ["called", "option_text", "unit_price", "quantity", "list_price", "why", "payable", "refunded"]
    readonly_fields = fields

    @admin.display(description="商品")
    def called(self, row: OrderLine) -> str:
        return f"【赠品】{row.title}" if row.is_gift else row.title

    @admin.display(description="优惠明细")
    def why(self, row: OrderLine) -> SafeString | str:
        return way_shown(row)


class PaymentInline(OrderPart):
    """Attempts to pay."""

    model = Payment
    verbose_name_plural = "支付"
    amount = yuan_column("amount_fen", "应收")
    captured = yuan_column("captured_fen", "实收")
    refunded = yuan_column("refunded_fen", "已退")
    fields = ["number", "state", "amount", "captured", "refunded", "transaction_id", "captured_at", "surplus"]
    readonly_fields = fields

    @admin.display(description="支付单号")
    def number(self, row: Payment) -> SafeString:
        return link(reverse("admin:payments_payment_change", args=[row.pk]), row.payment_no)

    @admin.display(description="状态")
    def state(self, row: Payment) -> SafeString:
        return chip(row.get_status_display(), PAYMENT_COLOURS.get(row.status, ""))

    @admin.display(description="异常")
    def surplus(self, row: Payment) -> str:
        return row.get_surplus_reason_display() or "—"


class ParcelInline(OrderPart):
    """What was sent. A number is put right here while WeChat still takes a correction."""

    model = Parcel
    verbose_name_plural = "包裹"
    fields = ["parcel_no", "carrier", "tracking_no", "content", "shipped_at", "operator", "correct"]
    readonly_fields = fields

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """Without the link for who may not use it, or where the order is past correction."""
        usable = request.user.has_perm("orders.change_order") and (
            getattr(obj, "status", None) in (Status.PAID, Status.SHIPPED)
        )
        return [name for name in self.fields if usable or name != "correct"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Parcel]:
        rows: QuerySet[Parcel] = super().get_queryset(request)
        return rows.select_related("carrier", "operator").prefetch_related("lines__order_line")

    @admin.display(description="内容")
    def content(self, row: Parcel) -> SafeString:
        lines = ((line.order_line.title, line.quantity) for line in row.lines.all())
        return format_html_join(mark_safe("<br>"), "{} × {}", lines)

    @admin.display(description="更正")
    def correct(self, row: Parcel) -> SafeString:
        return link(reverse("admin:orders_order_correct", args=[row.order_id, row.parcel_no]), "修改单号")


class UploadInline(OrderPart):
    """What WeChat was told, and what it answered."""

    model = ShippingUpload
    verbose_name_plural = "微信发货信息"
    fields = ["state", "uploaded_parcels", "uploaded_at", "last_error"]
    readonly_fields = fields

    @admin.display(description="状态")
    def state(self, row: ShippingUpload) -> SafeString:
        return chip(row.get_status_display(), UPLOAD_COLOURS.get(row.status, ""))


class MoveInline(OrderPart):
    """Every move, with who and when."""

    model = OrderMove
    verbose_name_plural = "历史"
    fields = ["at", "moved", "became", "who", "note"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderMove]:
        rows: QuerySet[OrderMove] = super().get_queryset(request)
        return rows.select_related("operator")

    @admin.display(description="动作")
    def moved(self, row: OrderMove) -> str:
        return MOVE_LABELS.get(row.move, row.move)

    @admin.display(description="状态")
    def became(self, row: OrderMove) -> SafeString:
        return status_shown(row.to_status)

    @admin.display(description="操作方")
    def who(self, row: OrderMove) -> str:
        actor = str(Actor(row.actor).label)
        return f"{actor}（{row.operator}）" if row.operator else actor
