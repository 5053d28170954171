"""The books for operators: WeChat's bills of each day and their lines."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.base import fault_words
from apps.base.admin import ReadOnlyAdmin, chip, fault_column, yuan_column
from apps.base.asking import Done, operator
from apps.base.seeking import Recent, Through, Whole
from apps.books import admin_cases, admin_money, forms, wording
from apps.books import selectors as book_facts
from apps.books.models import Bill, BillLine
from apps.books.services import cases, fetching
from apps.books.states import ARRIVED, BillKind, BillStatus
from apps.payments import selectors as payment_facts
from mall.money import fen_around, priced

__all__ = ["BillAdmin", "admin_cases", "admin_money"]

_BILL_COLOURS = {
    BillStatus.WAITING: "info",
    BillStatus.FETCHED: "success",
    BillStatus.EMPTY: "",
    BillStatus.FAILED: "danger",
    BillStatus.CLOSED: "",
}


class MissingFilter(admin.SimpleListFilter):
    """Bills that should be there by now."""

    title = "迟到"
    parameter_name = "missing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "迟到或有误")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Bill]) -> QuerySet[Bill]:
        return (
            queryset.filter(pk__in=book_facts.missing().values("pk")) if self.value() == "yes" else queryset
        )


@admin.register(Bill)
class BillAdmin(ReadOnlyAdmin):
    """A row for each bill of each day; the newest first."""

    came_in = yuan_column("in_fen", "收入")
    went_out = yuan_column("out_fen", "支出")
    trouble = fault_column("last_error", "最近错误")
    list_display = ["day", "kind", "standing", "lines_count", "came_in", "went_out", "fee", "reconciled_at"]
    list_filter = ["kind", "status", MissingFilter, "day"]
    fields = [
        ("day", "kind", "standing"),
        ("lines_count", "came_in", "went_out", "fee"),
        ("fetched_at", "reconciled_at", "digest"),
        ("attempts", "due_at", "trouble"),
    ]
    readonly_fields = ["trouble", "standing", "came_in", "went_out", "fee"]
    actions_list = ["fetch"]
    actions_detail = ["explain"]

    def usable(self, row: Bill) -> list[str]:
        """What will not come is explained."""
        return ["explain"] if fetching.may_explain(row, at=timezone.now()) else []

    @admin.display(description="状态", ordering="status")
    def standing(self, row: Bill) -> SafeString:
        return chip(row.get_status_display(), _BILL_COLOURS[BillStatus(row.status)])

    @admin.display(description="手续费", ordering="fee_millifen")
    def fee(self, row: Bill) -> str:
        return priced(fen_around(row.fee_millifen)) if row.kind == BillKind.TRADE else "—"

    @action(description="下载并对账", permissions=["books.reconcile_bill"], url_path="fetch", icon="download")
    def fetch(self, request: HttpRequest) -> HttpResponse:
        def fetch(form: forms.FetchForm) -> Done:
            day, now = form.cleaned_data["day"], timezone.now()
            bills = [fetching.fetch(day=day, kind=kind, at=now) for kind in BillKind]
            missing = "；".join(f"{bill}：{bill.last_error}" for bill in bills if bill.last_error)
            if not any(bill.status in ARRIVED for bill in bills):
                return Done("微信没有给出账单。", warning=missing)
            told = _differing(cases.reconcile(day=day, at=now))
            return Done(f"{day} 的账单已核对，{told}。", warning=missing)

        return self.ask(
            request, forms.FetchForm, fetch, audit_as=("下载账单并对账", "微信账单"), outside=True
        )

    @action(description="说明并结案", permissions=["books.settle_case"], url_path="explain", icon="edit_note")
    def explain(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Bill = self.row(request, object_id)

        def explain(form: forms.ExplainBillForm) -> str:
            note = form.cleaned_data["note"]
            fetching.explain(bill_id=row.pk, note=note, operator=operator(request), at=timezone.now())
            return "已结案，不再提醒。"

        facts = [("最近错误", fault_words.told(row.last_error) or "—")]
        return self.ask(request, forms.ExplainBillForm, explain, row=row, heading=str(row), facts=facts)


def _differing(count: int) -> str:
    return f"有 {count} 笔差异待处理" if count else "全部一致"


@admin.register(BillLine)
class BillLineAdmin(ReadOnlyAdmin):
    """Lines of bills, found by a number."""

    amount = yuan_column("amount_fen", "金额")
    list_display = ["at", "bill", "number", "kind", "called", "our_no", "wechat_no", "amount"]
    list_filter = ["kind", "bill__kind", "bill__day"]
    list_select_related = ["bill"]
    found_by = (
        Whole("our_no"),
        Whole("paid_no"),
        Through("wechat_no", owner="our_no", whose=payment_facts.numbers_of, how=""),
        Recent("wechat_no", whole=True),
    )
    search_help_text = "完整的商户单号或微信单号"
    fields = [("bill", "number"), ("kind", "called", "amount"), ("our_no", "wechat_no", "paid_no"), "at"]
    readonly_fields = ["called", "amount"]

    @admin.display(description="微信说明", ordering="said")
    def called(self, row: BillLine) -> str:
        return wording.said(row.said) or "—"
