"""Money for operators: attempts, refunds and notifications; read only, two actions that call services."""

from __future__ import annotations

import json
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.base import audit, private
from apps.base.admin import ReadOnlyAdmin, ReadOnlyTabular, chip, fault_column, for_chosen, yuan_column
from apps.base.asking import operator
from apps.base.finding import Number
from apps.base.seeking import Recent, Whole
from apps.orders.parts import OfOrders
from apps.payments import selectors as payment_facts
from apps.payments.forms import AbnormalForm, AskEndingForm, GrantEndingForm, RefuseEndingForm
from apps.payments.models import Notification, Payment, Refund, RefundEnding, RefundStep
from apps.payments.services import abnormal, endings, notifications, refunds
from apps.payments.states import MoneyBack, PaymentStatus, RefundStatus
from mall.money import priced

PAYMENT_COLOURS: dict[str, str] = {PaymentStatus.OPEN: "warning", PaymentStatus.CAPTURED: "success"}
REFUND_COLOURS: dict[str, str] = {
    RefundStatus.REQUESTED: "warning",
    RefundStatus.PROCESSING: "info",
    RefundStatus.SETTLED: "success",
    RefundStatus.PAID_OUTSIDE: "success",
    RefundStatus.FAILED: "danger",
    RefundStatus.CLOSED: "danger",
    RefundStatus.AT_SHOP: "danger",
}
_MONEY_COLOURS: dict[str, str] = {
    MoneyBack.PENDING: "warning",
    MoneyBack.DONE: "success",
    MoneyBack.FAILED: "danger",
}


def money_shown(state: MoneyBack) -> SafeString:
    """How the money of a refund stands, on its colour: what operators of other pages read."""
    return chip(state.label, _MONEY_COLOURS[state])


def _refund_status(row: Refund) -> SafeString:
    return chip(row.get_status_display(), REFUND_COLOURS.get(row.status, ""))


class RefundInline(ReadOnlyTabular):
    """What went back of a payment."""

    model = Refund
    amount = yuan_column("amount_fen", "金额")
    trouble = fault_column("last_error", "最近错误")
    fields = ["refund_no", "state", "amount", "reason", "requested_at", "settled_at", "trouble"]
    readonly_fields = fields

    @admin.display(description="状态")
    def state(self, row: Refund) -> SafeString:
        return _refund_status(row)


class PaymentAdmin(OfOrders, ReadOnlyAdmin):
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
    found_by = (
        Number("payment_no"),
        Number("transaction_id"),
        Whole("bill_no"),
        Number("order__order_no", ends=True),
    )
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


class EndingInline(ReadOnlyTabular):
    """How the refund was, or is to be, ended without WeChat: who asked with what proof, and who answered."""

    model = RefundEnding
    fields = ["way", "proof", "file", "asked_by", "asked_at", "answered_by", "answered_at", "granted"]
    readonly_fields = fields

    @admin.display(description="凭证文件")
    def file(self, row: RefundEnding) -> SafeString | str:
        return _proof_link(row)


class EndingFilter(admin.SimpleListFilter):
    """Refunds whose end waits for its second person."""

    title = "结案复核"
    parameter_name = "ending"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("waiting", "等待复核")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Refund]) -> QuerySet[Refund]:
        if self.value() != "waiting":
            return queryset
        return queryset.filter(pk__in=RefundEnding.objects.filter(answered_at=None).values("refund"))


class StepInline(ReadOnlyTabular):
    """Its story."""

    model = RefundStep
    verbose_name_plural = "经过"
    told = fault_column("note", "说明")
    fields = ["at", "step", "status", "told", "operator"]
    readonly_fields = fields


class StuckFilter(admin.SimpleListFilter):
    """Refunds that somebody has to look at."""

    title = "处理情况"
    parameter_name = "stuck"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "待人工处理")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Refund]) -> QuerySet[Refund]:
        if self.value() != "yes":
            return queryset
        return queryset.filter(pk__in=payment_facts.needing_somebody().values("pk"))


@admin.register(Refund)
class RefundAdmin(OfOrders, ReadOnlyAdmin):
    """Refunds, newest first; the failed ones wait for somebody.

    One that WeChat refuses for good gets its end here: one person asks with the proof, another agrees.
    """

    of_order = "payment__order"
    amount = yuan_column("amount_fen", "金额")
    trouble = fault_column("last_error", "最近错误")
    list_display = [
        "refund_no",
        "payment",
        "state",
        "amount",
        "origin",
        "reason",
        "attempts",
        "due_at",
        "settled_at",
        "trouble",
    ]
    list_filter = ["status", "origin", StuckFilter, EndingFilter]
    list_select_related = ["payment"]
    found_by = (
        Number("refund_no"),
        Recent("wechat_refund_id"),
        Number("payment__payment_no"),
        Whole("payment__bill_no"),
        Number("payment__order__order_no", ends=True),
    )
    search_help_text = "退款单号、支付单号、订单号或充值单号；微信退款单号在最近 10 万笔里查找"
    fields = [
        ("refund_no", "wechat_refund_id", "origin"),
        ("payment", "state"),
        ("amount", "reason"),
        ("requested_at", "due_at", "settled_at"),
        ("attempts", "abnormal_at", "sent_to", "at_shop_at"),
        "trouble",
        "business_key",
    ]
    readonly_fields = ["trouble", "state", "amount"]
    inlines = [StepInline, EndingInline]
    actions = ["submit_again"]
    actions_detail = ["apply_abnormal", "ask_ending", "grant_ending", "refuse_ending"]

    @admin.display(description="状态", ordering="status")
    def state(self, row: Refund) -> SafeString:
        return _refund_status(row)

    def usable(self, row: Refund) -> frozenset[str]:
        """The buttons that the refund has a use for."""
        if endings.waiting(row) is not None:
            return frozenset({"grant_ending", "refuse_ending"})
        found = {"ask_ending"} if endings.may_end(row) else set()
        return frozenset(found | {"apply_abnormal"} if abnormal.may_apply(row) else found)

    def has_end_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whether the operator may end refunds in one way or another."""
        return bool(_ways(request))

    def get_urls(self) -> list[Any]:
        """The proofs beside the pages."""
        proof = self.admin_site.admin_view(self.proof)
        return [path("proof/<int:ending_id>/", proof, name="payments_refund_proof"), *super().get_urls()]

    def proof(self, request: HttpRequest, ending_id: int) -> HttpResponseBase:
        """Show the picture or PDF that proves an end, to whoever may end refunds that way. Looking at it is noted."""
        ending = RefundEnding.objects.select_related("refund").filter(pk=ending_id).first()
        if ending is None or not ending.proof_file:
            raise Http404
        if not self.get_queryset(request).filter(pk=ending.refund_id).exists():
            raise Http404
        if ending.way not in _ways(request):
            raise PermissionDenied
        audit.record(
            operator=operator(request),
            action="查看退款凭证",
            subject=ending.refund.refund_no,
            at=timezone.now(),
        )
        return private.shown(
            str(ending.proof_file.name), called=f"{ending.refund.refund_no}{_suffix(ending)}"
        )

    @action(
        description="申请异常退款",
        url_path="abnormal",
        permissions=["payments.change_refund"],
        icon="credit_card",
    )
    def apply_abnormal(self, request: HttpRequest, object_id: str) -> HttpResponse:
        refund: Refund = self.row(request, object_id)

        def apply(filled: AbnormalForm) -> str:
            abnormal.apply(
                refund_no=refund.refund_no,
                card=filled.card(),
                operator=operator(request),
                at=timezone.now(),
            )
            return "已向微信申请异常退款，到账后状态自动更新。"

        return self.ask(
            request,
            AbnormalForm,
            apply,
            row=refund,
            heading=_about(refund),
            outside=True,  # WeChat is asked to send it elsewhere
        )

    @action(description="申请结案", url_path="end", permissions=["end"], icon="task_alt")
    def ask_ending(self, request: HttpRequest, object_id: str) -> HttpResponse:
        refund: Refund = self.row(request, object_id)

        def ask(filled: Any) -> str:
            endings.ask(
                refund_no=refund.refund_no,
                way=filled.cleaned_data["way"],
                proof=filled.cleaned_data["proof"],
                file=filled.cleaned_data["proof_file"],
                operator=operator(request),
                at=timezone.now(),
            )
            return "已提交结案申请，须由另一位同事复核。"

        form = partial(AskEndingForm, ways=_ways(request))
        return self.ask(request, form, ask, row=refund, heading=_about(refund))

    @action(
        description="同意结案",
        url_path="end/grant",
        permissions=["end"],
        icon="check_circle",
    )
    def grant_ending(self, request: HttpRequest, object_id: str) -> HttpResponse:
        refund: Refund = self.row(request, object_id)
        ending = _ending_for(request, refund)

        def grant(_: Any) -> str:
            ended = endings.grant(refund_no=refund.refund_no, operator=operator(request), at=timezone.now())
            return f"退款已结案：{ended.get_status_display()}。"

        return self.ask(
            request,
            GrantEndingForm,
            grant,
            row=refund,
            heading=_about(refund),
            facts=_facts(ending),
            seen=str(ending.pk) if ending else "none",
            outside=True,  # WeChat is asked about the refund before it ends
        )

    @action(description="驳回结案", url_path="end/refuse", permissions=["end"], icon="block")
    def refuse_ending(self, request: HttpRequest, object_id: str) -> HttpResponse:
        refund: Refund = self.row(request, object_id)
        ending = _ending_for(request, refund)

        def refuse(_: Any) -> str:
            endings.refuse(refund_no=refund.refund_no, operator=operator(request), at=timezone.now())
            return "结案申请已驳回，退款仍待处理。"

        return self.ask(
            request,
            RefuseEndingForm,
            refuse,
            row=refund,
            heading=_about(refund),
            facts=_facts(ending),
            seen=str(ending.pk) if ending else "none",
        )

    @for_chosen(
        description="重新提交（失败的单号不变；微信已关闭的换新单号）", permission="payments.change_refund"
    )
    def submit_again(self, request: HttpRequest, chosen: QuerySet[Refund]) -> None:
        at = timezone.now()
        count = 0
        for refund_no in chosen.values_list("refund_no", flat=True):
            refunds.resubmit(refund_no=refund_no, operator=operator(request), at=at)
            count += 1
        self.message_user(request, f"已重新排队 {count} 笔退款。")


_RIGHT_TO = {
    RefundEnding.Way.PAID_OUTSIDE: "payments.end_paid_outside",
    RefundEnding.Way.WRITTEN_BACK: "payments.end_written_back",
}


def _ways(request: HttpRequest) -> frozenset[str]:
    """The ways in which the operator may end refunds, as the one who asks and as the one who answers."""
    return frozenset(way for way, right in _RIGHT_TO.items() if operator(request).has_perm(right))


def _ending_for(request: HttpRequest, refund: Refund) -> RefundEnding | None:
    """The end that waits for an answer. Raises PermissionDenied where the operator may not answer one of this way."""
    ending = endings.waiting(refund)
    if ending is not None and ending.way not in _ways(request):
        raise PermissionDenied
    return ending


def _suffix(ending: RefundEnding) -> str:
    return PurePosixPath(str(ending.proof_file.name)).suffix


def _proof_link(ending: RefundEnding) -> SafeString | str:
    if not ending.proof_file:
        return "–"
    address = reverse("admin:payments_refund_proof", args=[ending.pk])
    return format_html('<a href="{}" target="_blank" class="text-primary-600">查看凭证文件</a>', address)


def _about(refund: Refund) -> str:
    return f"{refund.refund_no} · {priced(refund.amount_fen)} · {refund.get_status_display()}"


def _facts(ending: RefundEnding | None) -> list[tuple[str, SafeString | str]]:
    if ending is None:
        return []
    return [
        ("结案方式", ending.get_way_display()),
        ("凭证或原因", ending.proof),
        ("凭证文件", _proof_link(ending)),
        ("申请人", str(ending.asked_by)),
    ]


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    """What WeChat Pay announced; those without 处理时间 are open."""

    trouble = fault_column("last_error", "最近错误")
    list_display = ["id", "event_type", "received_at", "handled_at", "attempts", "due_at", "trouble"]
    list_filter = ["event_type", ("handled_at", admin.EmptyFieldListFilter)]
    found_by = (Number("notify_id"),)
    search_help_text = "通知编号"
    fields = [
        ("notify_id", "event_type"),
        "content",
        ("received_at", "handled_at"),
        ("attempts", "due_at"),
        "trouble",
    ]
    readonly_fields = ["trouble", "content"]
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
