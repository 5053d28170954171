"""The double-entry books for operators: entries with their lines, statements, what each order brought, cost rates."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.base import audit, days, reporting, sheets
from apps.base.admin import KeptAdmin, ReadOnlyAdmin, ReadOnlyTabular, chip, yuan_column
from apps.base.asking import operator
from apps.base.forms import MONEY_IN_YUAN
from apps.base.seeking import Whole
from apps.books import exports, forms, statement_page
from apps.books import journal_selectors as journal_facts
from apps.books.journal_selectors import Profit
from apps.books.models import CostRate, JournalEntry, JournalLine, SoldOrder
from apps.books.services import rates
from apps.books.states import EntryKind
from apps.orders.parts import OfOrders
from mall.money import percent, priced

_EXPORT: Final = [statement_page.EXPORT]


class LineInline(ReadOnlyTabular):
    model = JournalLine
    verbose_name_plural = "分录"
    fields = ["numbered", "debit", "credit"]
    readonly_fields = fields

    @admin.display(description="科目")
    def numbered(self, row: JournalLine) -> str:
        return f"{row.account} {row.get_account_display()}"

    @admin.display(description="借方")
    def debit(self, row: JournalLine) -> str:
        return priced(row.debit_fen) if row.debit_fen else ""

    @admin.display(description="贷方")
    def credit(self, row: JournalLine) -> str:
        return priced(row.credit_fen) if row.credit_fen else ""


@admin.register(JournalEntry)
class JournalEntryAdmin(ReadOnlyAdmin):
    """Entries, the newest first; their statements by the buttons above the list."""

    amount = yuan_column("amount_fen", "金额")
    list_display = ["day", "kind", "number", "order_no", "amount", "corrected", "posted_at"]
    list_filter = ["kind", "day"]
    found_by = (Whole("order_no"), Whole("number"), Whole("business_key"))
    search_help_text = "完整的订单号、支付单号、退款单号等"
    fields = [
        ("kind", "day", "occurred_at"),
        ("number", "order_no", "business_key"),
        ("revision", "posted_at"),
    ]
    inlines = [LineInline]
    actions_list = ["trial_balance", "months", "export"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[JournalEntry]:
        lines = JournalLine.objects.filter(entry=OuterRef("pk")).order_by().values("entry")
        return (
            super()
            .get_queryset(request)
            .annotate(amount_fen=Subquery(lines.annotate(sum=Sum("debit_fen")).values("sum")))
        )

    @admin.display(description="更正")
    def corrected(self, row: JournalEntry) -> SafeString | str:
        return chip(f"第 {row.revision} 次更正", "warning") if row.revision else ""

    @action(
        description="试算平衡", permissions=["books.view_journalentry"], url_path="balance", icon="balance"
    )
    def trial_balance(self, request: HttpRequest) -> HttpResponseBase:
        """The trial balance of a period."""
        return statement_page.trial_balance(self, request)

    @action(
        description="月度利润",
        permissions=["books.view_journalentry"],
        url_path="months",
        icon="calendar_month",
    )
    def months(self, request: HttpRequest) -> HttpResponseBase:
        """The profit, month by month."""
        return statement_page.months(self, request)

    @action(description="导出近 30 天凭证", permissions=_EXPORT, url_path="export", icon="download")
    def export(self, request: HttpRequest) -> HttpResponseBase:
        """The entries of a period (``first``, ``last``; else thirty days) line by line; who exports is written down."""
        first, last = reporting.period(self, request)
        rows = JournalEntry.objects.filter(day__gte=first, day__lte=last)
        return _exported(request, exports.entries(rows), "会计凭证", f"journal-{first:%Y%m%d}-{last:%Y%m%d}")


@admin.register(SoldOrder)
class SoldOrderAdmin(OfOrders, ReadOnlyAdmin):
    """What each order that left brought and cost; reckoned for the rows of the page, two statements."""

    of_order_no = "order_no"
    list_display = [
        *(
            "day",
            "order_no",
            "income",
            "allowance",
            "refunded",
            "cost",
            "sending",
            "commission",
            "fee",
            "profit",
        ),
    ]
    list_display_links = ["order_no"]
    list_filter = ["day"]
    found_by = (Whole("order_no"),)
    search_help_text = "完整的订单号"
    fields = [("day", "order_no", "occurred_at")]
    inlines = [LineInline]
    actions_list = ["export"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[SoldOrder]:
        return super().get_queryset(request).filter(kind=EntryKind.SALE, revision=0)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list, with the figures of its rows."""
        shown = super().get_changelist_instance(request)
        rows = list(shown.result_list)
        found = journal_facts.profits(rows)
        for row in rows:
            row.figures = found[row.order_no]
        shown.result_list = rows
        return shown

    @admin.display(description="商品与运费")
    def income(self, row: Any) -> str:
        return priced(row.figures.income_fen + row.figures.freight_fen)

    @admin.display(description="优惠")
    def allowance(self, row: Any) -> str:
        return priced(row.figures.allowance_fen)

    @admin.display(description="退款")
    def refunded(self, row: Any) -> str:
        return priced(row.figures.refunded_fen)

    @admin.display(description="商品成本")
    def cost(self, row: Any) -> str:
        known: Profit = row.figures
        return f"{priced(known.cost_fen)}{'' if known.cost_known else '（部分未填）'}"

    @admin.display(description="邮费、包装与运费险")
    def sending(self, row: Any) -> str:
        return priced(row.figures.postage_fen + row.figures.packing_fen + row.figures.insurance_fen)

    @admin.display(description="佣金")
    def commission(self, row: Any) -> str:
        return priced(row.figures.commission_fen)

    @admin.display(description="手续费")
    def fee(self, row: Any) -> str:
        return f"{priced(row.figures.fee_fen)}{'' if row.figures.fee_said else '（估）'}"

    @admin.display(description="利润")
    def profit(self, row: Any) -> SafeString:
        profit_fen: int = row.figures.profit_fen
        return chip(priced(profit_fen), "success" if profit_fen >= 0 else "danger")

    @action(description="导出近 30 天", permissions=_EXPORT, url_path="export", icon="download")
    def export(self, request: HttpRequest) -> HttpResponseBase:
        """The orders that left in a period (``first``, ``last``; else thirty days); who exports is written down."""
        first, last = reporting.period(self, request)
        rows = self.get_queryset(request).filter(day__gte=first, day__lte=last)
        return _exported(request, exports.profits(rows), "订单利润", f"profit-{first:%Y%m%d}-{last:%Y%m%d}")


@admin.register(CostRate)
class CostRateAdmin(KeptAdmin):
    """What sending costs from a day on; what has begun stays as it is."""

    form = forms.CostRateForm
    formfield_overrides = MONEY_IN_YUAN
    postage = yuan_column("postage_fen", "每个包裹邮费")
    packing = yuan_column("packing_fen", "每个包裹包装费")
    insurance = yuan_column("insurance_fen", "每单运费险保费")
    list_display = ["since", "postage", "packing", "insurance", "rate"]
    fieldsets = [(None, {"fields": ["since", ("postage_fen", "packing_fen", "insurance_fen", "fee_bp")]})]

    def has_change_permission(self, request: HttpRequest, obj: CostRate | None = None) -> bool:
        """Only of what begins after today: what holds was posted."""
        begun = obj is not None and obj.since <= days.shop_day(timezone.now())
        return not begun and super().has_change_permission(request, obj)

    @admin.display(description="微信费率", ordering="fee_bp")
    def rate(self, row: CostRate) -> str:
        return percent(row.fee_bp)

    def save_model(self, request: HttpRequest, obj: CostRate, form: Any, change: bool) -> None:
        rates.save(obj, at=timezone.now())


def _exported(request: HttpRequest, of: sheets.Sheet, what: str, name: str) -> HttpResponseBase:
    audit.record(
        operator=operator(request), action=f"导出{what}", subject="账簿", note=name, at=timezone.now()
    )
    return sheets.answer(of, name=f"books-{name}", as_csv=request.GET.get("as") == "csv")
