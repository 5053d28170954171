"""Money for operators: attempts, refunds and notifications; read only, two actions that call services."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from apps.base.admin import ReadOnlyAdmin, ReadOnlyTabular, chip, for_chosen, yuan_column
from apps.payments.models import Notification, Payment, Refund
from apps.payments.services import notifications, refunds
from apps.payments.states import PaymentStatus, RefundStatus

PAYMENT_COLOURS: dict[str, str] = {PaymentStatus.OPEN: "warning", PaymentStatus.CAPTURED: "success"}
REFUND_COLOURS: dict[str, str] = {
    RefundStatus.REQUESTED: "warning",
    RefundStatus.PROCESSING: "info",
    RefundStatus.SETTLED: "success",
    RefundStatus.FAILED: "danger",
}


def _refund_status(row: Refund) -> SafeString:
    return chip(row.get_status_display(), REFUND_COLOURS.get(row.status, ""))


class RefundInline(ReadOnlyTabular):
    """What went back of a payment."""

    model = Refund
    amount = yuan_column("amount_fen", "金额")
    fields = ["refund_no", "state", "amount", "reason", "requested_at", "settled_at", "last_error"]
    readonly_fields = fields

    @admin.display(description="状态")
    def state(self, row: Refund) -> SafeString:
        return _refund_status(row)


class PaymentAdmin(ReadOnlyAdmin):
    """Attempts to pay, newest first; 异常收款 is money that nothing can use.

    What a bill is for is known upstairs: the page of bills adds ``subject``, and registers this.
    """

    amount = yuan_column("amount_fen", "应收")
    captured = yuan_column("captured_fen", "实收")
    refunded = yuan_column("refunded_fen", "已退")
    list_display = [
        "payment_no",
        "subject",
        "state",
        "amount",
        "captured",
        "refunded",
        "surplus_reason",
        "captured_at",
    ]
    list_filter: list[Any] = ["status", "is_surplus", "surplus_reason"]
    list_select_related = ["order"]
    search_fields = ["payment_no", "transaction_id", "bill_no"]
    search_help_text = "按支付单号、微信支付单号、订单号或充值单号等查找"
    # The prepay_id is left out: with it and the openid a payment could be started.
    fields = [
        ("payment_no", "transaction_id"),
        ("subject", "state"),
        ("amount", "captured", "refunded"),
        ("is_surplus", "surplus_reason"),
        ("started_at", "expires_at"),
        ("queried_at", "captured_at", "closed_at"),
    ]
    readonly_fields = ["subject", "state", "amount", "captured", "refunded"]
    inlines = [RefundInline]

    @admin.display(description="状态", ordering="status")
    def state(self, row: Payment) -> SafeString:
        return chip(row.get_status_display(), PAYMENT_COLOURS.get(row.status, ""))


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin):
    """Refunds, newest first; the failed ones wait for somebody."""

    amount = yuan_column("amount_fen", "金额")
    list_display = [
        "refund_no",
        "payment",
        "state",
        "amount",
        "reason",
        "attempts",
        "due_at",
        "settled_at",
        "last_error",
    ]
    list_filter = ["status"]
    list_select_related = ["payment"]
    search_fields = [
        "refund_no",
        "wechat_refund_id",
        "payment__payment_no",
        "payment__bill_no",
    ]
    fields = [
        ("refund_no", "wechat_refund_id"),
        ("payment", "state"),
        ("amount", "reason"),
        ("requested_at", "due_at", "settled_at"),
        ("attempts", "last_error"),
        "business_key",
    ]
    readonly_fields = ["state", "amount"]
    actions = ["submit_again"]

    @admin.display(description="状态", ordering="status")
    def state(self, row: Refund) -> SafeString:
        return _refund_status(row)

    @for_chosen(
        description="重新提交（失败的单号不变；微信已关闭的换新单号）", permission="payments.change_refund"
    )
    def submit_again(self, request: HttpRequest, chosen: QuerySet[Refund]) -> None:
        at = timezone.now()
        count = 0
        for refund_no in chosen.values_list("refund_no", flat=True):
            refunds.resubmit(refund_no=refund_no, at=at)
            count += 1
        self.message_user(request, f"已重新排队 {count} 笔退款。")


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    """What WeChat Pay announced; those without 处理时间 are open."""

    list_display = ["id", "event_type", "received_at", "handled_at", "attempts", "due_at", "last_error"]
    list_filter = ["event_type", ("handled_at", admin.EmptyFieldListFilter)]
    search_fields = ["notify_id"]
    fields = [
        ("notify_id", "event_type"),
        "content",
        ("received_at", "handled_at"),
        ("attempts", "due_at"),
        "last_error",
    ]
    readonly_fields = ["content"]
    actions = ["handle_again"]

    @admin.display(description="内容")
    def content(self, row: Notification) -> str:
        return json.dumps(row.resource, ensure_ascii=False, indent=2)

    @for_chosen(description="重新处理（仅限未处理的）", permission="payments.change_notification")
    def handle_again(self, request: HttpRequest, chosen: QuerySet[Notification]) -> None:
        at = timezone.now()
        count = 0
        for pk in chosen.values_list("pk", flat=True):
            notifications.take_up_again(notification_id=pk, at=at)
            count += 1
        self.message_user(request, f"已重新排队 {count} 条通知。")
