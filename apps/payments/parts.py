"""What payments say on the page of an order: its attempts to pay."""

from __future__ import annotations

from typing import Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from apps.base.admin import chip, link, yuan_column
from apps.base.parts import Part
from apps.orders.parts import OrderPart
from apps.payments.admin import PAYMENT_COLOURS, REFUND_COLOURS
from apps.payments.models import Payment
from mall.money import priced


class PaymentInline(OrderPart):
    """Attempts to pay."""

    model = Payment
    verbose_name_plural = "支付"
    amount = yuan_column("amount_fen", "应收")
    captured = yuan_column("captured_fen", "实收")
    refunded = yuan_column("refunded_fen", "已退")
    fields = [
        "number",
        "state",
        "amount",
        "captured",
        "refunded",
        "went_back",
        "transaction_id",
        "captured_at",
        "surplus",
    ]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Payment]:
        rows: QuerySet[Payment] = super().get_queryset(request)
        return rows.prefetch_related("refunds")

    @admin.display(description="支付单号")
    def number(self, row: Payment) -> SafeString:
        return link(reverse("admin:payments_payment_change", args=[row.pk]), row.payment_no)

    @admin.display(description="状态")
    def state(self, row: Payment) -> SafeString:
        return chip(row.get_status_display(), PAYMENT_COLOURS.get(row.status, ""))

    @admin.display(description="退款单")
    def went_back(self, row: Payment) -> SafeString | str:
        """Whatever went back of it and for which reason, after sale or not, each with its state."""
        listed = format_html_join(
            "",
            "<div>{} {} {} {}</div>",
            (
                (
                    link(reverse("admin:payments_refund_change", args=[refund.pk]), refund.refund_no),
                    priced(refund.amount_fen),
                    chip(refund.get_status_display(), REFUND_COLOURS.get(refund.status, "")),
                    refund.reason,
                )
                for refund in reversed(row.refunds.all())
            ),
        )
        return listed or "—"

    @admin.display(description="异常")
    def surplus(self, row: Payment) -> str:
        return row.get_surplus_reason_display() or "—"


ATTEMPTS: Final = Part(room="payments", inlines=[PaymentInline])
