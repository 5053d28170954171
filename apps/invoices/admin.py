"""Invoices for operators: who waits longest first, everything about one, and what may be done; the rules."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action
from unfold.enums import ActionVariant

from apps.base import audit, sheets
from apps.base.admin import ReadOnlyAdmin, chip, for_chosen, link, yuan_column
from apps.base.asking import operator
from apps.base.finding import Number
from apps.base.one_row import OneRowAdmin
from apps.base.seeking import Recent, Whole
from apps.invoices import exports, forms, providers
from apps.invoices import files_api as invoice_files
from apps.invoices import selectors as invoice_facts
from apps.invoices import services as invoices
from apps.invoices.models import Invoice, InvoiceRules, InvoiceTitle
from apps.invoices.states import InvoiceStatus, TitleKind
from apps.orders.parts import OfOrders
from mall import text as texts
from mall.money import priced

_COLOURS = {
    InvoiceStatus.APPLIED: "warning",
    InvoiceStatus.ISSUED: "success",
    InvoiceStatus.REFUSED: "",
    InvoiceStatus.REVERSED: "danger",
}
_EXPORT = "invoices.export_invoice"


class WaitingFilter(admin.SimpleListFilter):
    """What waits for an operator."""

    title = "待办"
    parameter_name = "todo"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("issue", "待开票"), ("red", "待登记红字发票")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Invoice]) -> QuerySet[Invoice]:
        if self.value() == "issue":
            return queryset & invoice_facts.waiting_to_issue()
        return queryset & invoice_facts.waiting_for_red_letter() if self.value() == "red" else queryset


class _Titled:
    """The title in a list: a person's name masked, and by neither can a list be sorted."""

    @admin.display(description="抬头")
    def titled(self, row: Invoice | InvoiceTitle) -> str:
        return row.name if row.kind == TitleKind.COMPANY else texts.masked(row.name)

    @admin.display(description="税号")
    def taxed(self, row: Invoice | InvoiceTitle) -> str:
        return row.tax_no or "—"


@admin.register(Invoice)
class InvoiceAdmin(OfOrders, _Titled, ReadOnlyAdmin):
    """Invoices, those that wait longest before the others. Nobody writes them: the buttons call the services."""

    list_display = [
        "invoice_no",
        "standing",
        "age",
        "amount",
        "kind",
        "titled",
        "taxed",
        "order_shown",
        "number",
    ]
    list_filter = ["status", WaitingFilter, "kind", "applied_at"]
    list_select_related = ["order", "member"]
    ordering = [F("waits_since").asc(nulls_last=True), "-id"]
    found_by = (
        Number("invoice_no"),
        Number("order__order_no", ends=True),
        Whole("number"),
        Recent("tax_no", whole=True),
    )
    search_help_text = "申请单号、订单号或发票号码；税号在最近 10 万张里查找"
    fieldsets = [
        (None, {"fields": [("invoice_no", "order_shown", "member"), ("standing", "age", "applied_at")]}),
        ("抬头与金额", {"fields": [("kind", "name", "tax_no"), "email", ("amount", "asked")]}),
        ("发票", {"fields": [("number", "code", "issued_on"), ("issued_at", "paper")]}),
        ("驳回与红冲", {"fields": [("reason", "ended_at"), ("red_number", "red_on")]}),
    ]
    readonly_fields = ["standing", "age", "order_shown", "amount", "asked", "paper"]
    amount = yuan_column("amount_fen", "发票金额")
    asked = yuan_column("asked_fen", "申请时金额")
    actions = ["export_chosen"]
    actions_list = ["export"]
    actions_detail = ["issue", "refuse", "reverse", "red_letter", "download"]

    def usable(self, row: Invoice) -> list[str]:
        """The buttons that an invoice's status has a use for."""
        found = {InvoiceStatus.APPLIED: ["issue", "refuse"], InvoiceStatus.ISSUED: ["reverse"]}
        named = list(found.get(InvoiceStatus(row.status), []))
        if row.awaits_red_letter:
            named.append("red_letter")
        return [*named, "download"] if row.file else named

    @admin.display(description="状态", ordering="status")
    def standing(self, row: Invoice) -> SafeString:
        label = "已红冲，待登记红字发票" if row.awaits_red_letter else row.get_status_display()
        return chip(label, _COLOURS[InvoiceStatus(row.status)])

    @admin.display(description="已等待", ordering="waits_since")
    def age(self, row: Invoice) -> str:
        if row.waits_since is None:
            return "—"
        hours = int((timezone.now() - row.waits_since).total_seconds()) // 3600
        return f"{hours // 24} 天 {hours % 24} 小时" if hours >= 24 else f"{hours} 小时"

    @admin.display(description="订单", ordering="order__order_no")
    def order_shown(self, row: Invoice) -> SafeString:
        return link(reverse("admin:orders_order_change", args=[row.order_id]), row.order.order_no)

    @admin.display(description="发票文件")
    def paper(self, row: Invoice) -> str:
        return row.get_file_kind_display() if row.file else "—"

    @action(description="开具", permissions=["invoices.issue_invoice"], url_path="issue", icon="receipt_long")
    def issue(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Invoice = self.row(request, object_id)

        def issue(filled: Any) -> str:
            done = invoices.issue(
                invoice_no=row.invoice_no,
                amount_fen=row.amount_fen,
                paper=filled.paper(),
                operator=operator(request),
                at=timezone.now(),
            )
            return f"发票 {done.number} 已开具，买家会收到通知。"

        provider = providers.named(invoice_facts.rules().provider)
        form = forms.IssueForm if provider.wants_paper else forms.IssueOutsideForm
        return self.ask(
            request,
            form,
            issue,
            row=row,
            heading=_told(row),
            facts=_facts(row),
            seen=_seen(row),
            outside=True,  # a provider may be asked
        )

    @action(
        description="驳回",
        permissions=["invoices.issue_invoice"],
        url_path="refuse",
        icon="block",
        variant=ActionVariant.DANGER,
    )
    def refuse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Invoice = self.row(request, object_id)

        def refuse(filled: forms.RefuseInvoiceForm) -> str:
            invoices.refuse(
                invoice_no=row.invoice_no,
                reason=filled.cleaned_data["reason"],
                operator=operator(request),
                at=timezone.now(),
            )
            return "已驳回申请，买家会看到原因。"

        return self.ask(
            request, forms.RefuseInvoiceForm, refuse, row=row, heading=_told(row), facts=_facts(row)
        )

    @action(
        description="红冲",
        permissions=["invoices.issue_invoice"],
        url_path="reverse",
        icon="undo",
        variant=ActionVariant.DANGER,
    )
    def reverse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Invoice = self.row(request, object_id)

        def reverse_it(filled: forms.ReverseForm) -> str:
            invoices.reverse(
                invoice_no=row.invoice_no,
                reason=filled.cleaned_data["reason"],
                operator=operator(request),
                at=timezone.now(),
            )
            return "发票已红冲，请开具红字发票并登记号码。"

        return self.ask(
            request, forms.ReverseForm, reverse_it, row=row, heading=_told(row), facts=_facts(row)
        )

    @action(
        description="登记红字发票",
        permissions=["invoices.issue_invoice"],
        url_path="red-letter",
        icon="edit_note",
    )
    def red_letter(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Invoice = self.row(request, object_id)

        def record(filled: forms.RedLetterForm) -> str:
            invoices.record_red_letter(
                invoice_no=row.invoice_no,
                number=filled.cleaned_data["red_number"],
                on=filled.cleaned_data["red_on"],
                operator=operator(request),
                at=timezone.now(),
            )
            return "红字发票已登记。"

        return self.ask(request, forms.RedLetterForm, record, row=row, heading=_told(row), facts=_facts(row))

    @action(
        description="下载发票文件",
        permissions=["invoices.issue_invoice"],
        url_path="file",
        icon="download",
    )
    def download(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """The file, to be saved; who looks is written down."""
        row: Invoice = self.row(request, object_id)
        if not row.file:
            raise Http404
        audit.record(
            operator=operator(request), action="下载发票文件", subject=row.invoice_no, at=timezone.now()
        )
        try:
            return invoice_files.attached(row)
        except FileNotFoundError:
            raise Http404 from None

    @action(description="导出发票", permissions=[_EXPORT], url_path="export", icon="download")
    def export(self, request: HttpRequest) -> HttpResponseBase:
        """All invoices that the operator may see, as a sheet; who exports is written down."""
        audit.record(operator=operator(request), action="导出发票", subject="发票", at=timezone.now())
        return sheets.answer(exports.lines(self.get_queryset(request)), name="invoices")

    @for_chosen(description="导出所选发票", permission=_EXPORT)
    def export_chosen(self, request: HttpRequest, chosen: QuerySet[Invoice]) -> HttpResponseBase:
        """The chosen ones."""
        return sheets.answer(exports.lines(chosen), name="invoices")


@admin.register(InvoiceTitle)
class InvoiceTitleAdmin(_Titled, ReadOnlyAdmin):
    """What members keep; they write it themselves."""

    list_display = ["titled", "kind", "taxed", "member", "added_at"]
    list_filter = ["kind"]
    list_select_related = ["member"]
    found_by = (Recent("tax_no", whole=True), Recent("name", whole=True))
    search_help_text = "完整的税号或抬头名称，在最近 10 万个里查找"
    fields = [("kind", "name"), ("tax_no", "email"), ("member", "added_at")]


@admin.register(InvoiceRules)
class InvoiceRulesAdmin(OneRowAdmin):
    """One row of rules."""

    form = forms.InvoiceRulesForm
    saves = staticmethod(invoices.save_rules)
    fields = ["enabled", "apply_days", "provider"]


def _told(row: Invoice) -> str:
    return f"{row.invoice_no} · {priced(row.amount_fen)} · {row.get_status_display()}"


def _facts(row: Invoice) -> list[tuple[str, Any]]:
    facts: list[tuple[str, Any]] = [
        ("订单", row.order.order_no),
        ("抬头", f"{row.get_kind_display()} {row.name}"),
        ("税号", row.tax_no or "—"),
        ("金额", priced(row.amount_fen)),
    ]
    if row.number:
        facts.append(("发票号码", row.number))
    return facts


def _seen(row: Invoice) -> str:
    """What must not have changed between looking and sending."""
    return f"{row.status}:{row.amount_fen}"
