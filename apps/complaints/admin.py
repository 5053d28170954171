"""Complaints for operators: who waits and until when, everything about one, and what may be said."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any, Final

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from unfold.decorators import action
from unfold.enums import ActionVariant

from apps.base.admin import ReadOnlyAdmin, ReadOnlyTabular, chip, fault_column, link, said, yuan_column
from apps.base.asking import operator
from apps.base.finding import Number
from apps.base.seeking import Recent
from apps.complaints import forms
from apps.complaints import selectors as complaint_facts
from apps.complaints.models import Complaint, ComplaintAct, ComplaintStep
from apps.complaints.services import acting
from apps.complaints.states import HISTORY_LABELS, ActKind, ActStatus, ComplaintStatus
from apps.orders.parts import OfOrders
from apps.wechat.pay import complaints as wechat_complaints
from mall.money import priced

_NEEDS: Final = "complaints.answer_complaint"
_COLOURS: Final = {
    ComplaintStatus.PENDING: "warning",
    ComplaintStatus.PROCESSING: "info",
    ComplaintStatus.PROCESSED: "success",
}
_ACT_COLOURS: Final = {
    ActStatus.SENDING: "info",
    ActStatus.UNKNOWN: "warning",
    ActStatus.SENT: "success",
    ActStatus.FAILED: "danger",
}
# What is left of a deadline when it turns red.
_BURNS: Final = timedelta(hours=6)
_BUTTONS: Final = {
    ActKind.REPLY: "reply",
    ActKind.COMPLETE: "complete",
    ActKind.APPROVE_REFUND: "approve_refund",
    ActKind.REJECT_REFUND: "reject_refund",
}


class WaitingFilter(admin.SimpleListFilter):
    """Who waits for the shop, and whose time is over."""

    title = "待办"
    parameter_name = "waiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "待回复"), ("late", "已超时")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Complaint]) -> QuerySet[Complaint]:
        if self.value() == "late":
            return queryset & complaint_facts.overdue(at=timezone.now())
        return queryset & complaint_facts.waiting() if self.value() == "yes" else queryset


class StepInline(ReadOnlyTabular):
    """What was said and done, as WeChat has it."""

    model = ComplaintStep
    verbose_name_plural = "协商历史（以微信记录为准）"
    fields = ["at", "who", "told", "shown"]
    readonly_fields = fields

    @admin.display(description="内容")
    def told(self, row: ComplaintStep) -> str:
        return row.text or (f"{HISTORY_LABELS.get(row.kind, '其他动作')}（{row.kind}）" if row.kind else "—")

    @admin.display(description="图片")
    def shown(self, row: ComplaintStep) -> str:
        return f"{len(row.pictures)} 张，在微信商户平台查看" if row.pictures else "—"


class ActInline(ReadOnlyTabular):
    """What operators sent, and what became of it."""

    model = ComplaintAct
    verbose_name_plural = "本店提交记录"
    trouble = fault_column("fault", "原因")
    fields = ["at", "operator", "kind", "text", "standing", "trouble"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[ComplaintAct]:
        rows: QuerySet[ComplaintAct] = super().get_queryset(request)
        return rows.select_related("operator")

    @admin.display(description="状态")
    def standing(self, row: ComplaintAct) -> SafeString:
        return chip(row.get_status_display(), _ACT_COLOURS[ActStatus(row.status)])


@admin.register(Complaint)
class ComplaintAdmin(OfOrders, ReadOnlyAdmin):
    """Complaints, those whose clock burns first before the others. Nobody writes them: the buttons call the services."""

    of_order = "payment__order"
    amount = yuan_column("amount_fen", "支付金额")
    wanted = yuan_column("wanted_fen", "申请退款")
    list_display = [
        "complaint_id",
        "standing",
        "clock",
        "problem_type",
        "short",
        "order_shown",
        "amount",
        "opened_at",
    ]
    list_filter = [WaitingFilter, "status", "problem_type", "opened_at"]
    list_select_related = ["payment__order"]
    ordering = [F("answer_by").asc(nulls_last=True), "-id"]
    found_by = (
        Number("complaint_id"),
        Number("payment__order__order_no", ends=True),
        Number("payment__payment_no"),
        Number("payment__transaction_id"),
        Recent("transaction_id", whole=True),
    )
    search_help_text = "完整的投诉单号、订单号、支付单号或微信支付单号"
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("complaint_id", "standing", "clock"),
                    ("problem_type", "problem", "times"),
                    "text",
                    "shown",
                    ("member", "phone_shown", "opened_at"),
                    ("answered_at", "completed_at", "read_at"),
                ]
            },
        ),
        (
            "订单与售后",
            {
                "fields": [
                    ("order_shown", "payment_shown", "transaction_id"),
                    ("amount", "wanted", "refunded"),
                    ("refunds", "after_sales"),
                ]
            },
        ),
    ]
    readonly_fields = [
        "standing",
        "clock",
        "shown",
        "amount",
        "wanted",
        "order_shown",
        "payment_shown",
        "refunds",
        "after_sales",
    ]
    inlines = [StepInline, ActInline]
    actions_detail = ["reply", "complete", "approve_refund", "reject_refund"]

    def usable(self, row: Complaint) -> list[str]:
        """The buttons that a complaint has a use for as it stands."""
        return [_BUTTONS[kind] for kind in acting.allows(row)]

    def get_urls(self) -> list[URLPattern]:
        shown = path(
            "<path:object_id>/picture/<int:number>/",
            self.admin_site.admin_view(self.picture),
            name="complaints_complaint_picture",
        )
        return [shown, *super().get_urls()]

    @admin.display(description="状态", ordering="status")
    def standing(self, row: Complaint) -> SafeString:
        chips = [chip(row.get_status_display(), _COLOURS[ComplaintStatus(row.status)])]
        if row.has_news:
            chips.append(chip("买家新留言", "warning"))
        if row.with_platform:
            chips.append(chip("平台介入", "danger"))
        if row.urgent:
            chips.append(chip("需即时处理", "danger"))
        return format_html_join(" ", "{}", ((one,) for one in chips))

    @admin.display(description="回复时限", ordering="answer_by")
    def clock(self, row: Complaint) -> SafeString | str:
        """How long the shop may still take, red in its last hours."""
        if row.answer_by is None:
            return "—"
        left = row.answer_by - timezone.now()
        hours, minutes = divmod(int(abs(left).total_seconds()) // 60, 60)
        if left <= timedelta(0):
            return chip(f"已超时 {hours} 小时 {minutes} 分", "danger")
        return chip(f"剩 {hours} 小时 {minutes} 分", "danger" if left < _BURNS else "info")

    @admin.display(description="投诉内容")
    def short(self, row: Complaint) -> str:
        return row.text if len(row.text) <= 30 else f"{row.text[:30]}…"

    @admin.display(description="订单")
    def order_shown(self, row: Complaint) -> SafeString | str:
        order = row.payment.order if row.payment is not None else None
        if order is None:
            return "—"
        return link(reverse("admin:orders_order_change", args=[order.pk]), order.order_no)

    @admin.display(description="支付单")
    def payment_shown(self, row: Complaint) -> SafeString | str:
        if row.payment is None:
            return "—"
        return link(reverse("admin:payments_payment_change", args=[row.payment.pk]), row.payment.payment_no)

    @admin.display(description="售后退款")
    def refunds(self, row: Complaint) -> SafeString | str:
        return _links(
            (reverse("admin:orders_orderrefund_change", args=[one.pk]), one.refund_no)
            for one in complaint_facts.refunds_of(row)
        )

    @admin.display(description="售后申请")
    def after_sales(self, row: Complaint) -> SafeString | str:
        return _links(
            (
                reverse("admin:aftersales_aftersale_change", args=[one.pk]),
                f"{one.after_sale_no} {one.get_kind_display()} {one.get_status_display()}",
            )
            for one in complaint_facts.after_sales_of(row)
        )

    @admin.display(description="图片")
    def shown(self, row: Complaint) -> SafeString | str:
        """Each picture as a link of this admin, which fetches it from WeChat with the shop's signature."""
        return _links(
            (reverse("admin:complaints_complaint_picture", args=[row.pk, number]), f"图片 {number}")
            for number in range(1, len(row.pictures) + 1)
        )

    @said
    def picture(self, request: HttpRequest, object_id: str, number: int) -> HttpResponse:
        """A picture of a complaint, fetched from WeChat for whoever may see the complaint; nothing of it is kept."""
        row: Complaint = self.row(request, object_id)
        if not self.has_view_permission(request, row) or not 1 <= number <= len(row.pictures):
            raise Http404
        found = wechat_complaints.picture(row.pictures[number - 1])
        if found is None:
            raise Http404
        body, kind = found
        return HttpResponse(
            body,
            content_type=kind,
            headers={"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"},
        )

    @action(description="回复", permissions=[_NEEDS], url_path="reply", icon="reply")
    def reply(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Complaint = self.row(request, object_id)

        def reply(filled: forms.ReplyForm) -> str:
            acting.reply(complaint_id=row.pk, text=filled.cleaned_data["text"], **_by(request, filled))
            return "已回复买家。"

        return self._ask(request, forms.ReplyForm, reply, row)

    @action(description="处理完成", permissions=[_NEEDS], url_path="complete", icon="task_alt")
    def complete(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Complaint = self.row(request, object_id)

        def complete(filled: forms.CompleteForm) -> str:
            acting.complete(complaint_id=row.pk, **_by(request, filled))
            return "已告诉微信处理完成。"

        form = partial(forms.CompleteForm, owing=complaint_facts.owes_refund(row))
        return self._ask(request, form, complete, row)

    @action(description="同意退款", permissions=[_NEEDS], url_path="approve-refund", icon="currency_exchange")
    def approve_refund(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Complaint = self.row(request, object_id)

        def approve(filled: forms.ApproveForm) -> str:
            days = filled.cleaned_data["days"]
            acting.approve_refund(complaint_id=row.pk, within_days=days, **_by(request, filled))
            return "已告诉微信同意退款，请到订单页办理退款。"

        return self._ask(request, forms.ApproveForm, approve, row)

    @action(
        description="拒绝退款",
        permissions=[_NEEDS],
        url_path="reject-refund",
        icon="block",
        variant=ActionVariant.DANGER,
    )
    def reject_refund(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Complaint = self.row(request, object_id)

        def reject(filled: forms.RejectForm) -> str:
            acting.reject_refund(
                complaint_id=row.pk, reason=filled.cleaned_data["text"], **_by(request, filled)
            )
            return "已拒绝退款，买家会看到原因。"

        return self._ask(request, forms.RejectForm, reject, row)

    def _ask(self, request: HttpRequest, form: Any, act: Any, row: Complaint) -> HttpResponse:
        facts = [("投诉内容", row.text), ("状态", row.get_status_display())]
        if row.wanted_fen:
            facts.append(("申请退款", priced(row.wanted_fen)))
        return self.ask(request, form, act, row=row, heading=row.complaint_id, facts=facts, outside=True)


def _by(request: HttpRequest, filled: Any) -> dict[str, Any]:
    return {
        "token": str(filled.cleaned_data["token"]),
        "operator": operator(request),
        "at": timezone.now(),
    }


def _links(found: Any) -> SafeString | str:
    return format_html_join(mark_safe("<br>"), "{}", ((link(url, text),) for url, text in found)) or "—"
