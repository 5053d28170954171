"""发货时限 for operators: the board of what burns first, what promises and days are kept, and how promises were kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from unfold.decorators import action

from apps.base import days, reporting, sheets
from apps.base.admin import EditableAdmin, ReadOnlyAdmin, chip, link
from apps.base.finding import Number
from apps.base.one_row import OneRowAdmin
from apps.deadlines import forms, reports
from apps.deadlines import selectors as deadline_facts
from apps.deadlines.models import Deadline, DeadlineRules, Delay, Promise, ShopDay
from apps.deadlines.services import ruling
from apps.deadlines.states import DelayStatus, Outcome
from apps.orders.parts import OfOrders
from apps.stores import selectors as place_facts

DELAY_COLOURS: Final[dict[str, str]] = {
    DelayStatus.ASKED: "warning",
    DelayStatus.WAITS: "info",
    DelayStatus.SILENT: "info",
    DelayStatus.REFUNDED: "",
    DelayStatus.SWAPPED: "success",
    DelayStatus.VOID: "",
}
_OUTCOME_COLOURS: Final[dict[str, str]] = {Outcome.KEPT: "success", Outcome.LATE: "danger", Outcome.GONE: ""}
_EXPORT: Final = "deadlines.export_deadline"
_HEAD: Final = ("日期", "应发订单", "按时", "超时", "其中买家同意改期", "未发退款", "次日发货率", "缺货率")


class StandingFilter(admin.SimpleListFilter):
    """What burns, and what is over."""

    title = "时限"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("open", "全部待发"),
            ("pressing", "即将超时与已超时"),
            ("late", "已超承诺"),
            ("wechat", "已超微信时限"),
            ("over", "已结束"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Deadline]) -> QuerySet[Deadline]:
        now = timezone.now()
        match self.value():
            case "open":
                return deadline_facts.burning(queryset)
            case "pressing":
                return deadline_facts.pressing(queryset, at=now)
            case "late":
                return deadline_facts.burning(queryset).filter(promised_at__lte=now)
            case "wechat":
                return deadline_facts.burning(queryset).filter(limit_at__lte=now)
            case "over":
                return queryset.filter(ended_at__isnull=False)
        return queryset


@admin.register(Deadline)
class DeadlineAdmin(OfOrders, ReadOnlyAdmin):
    """Every promise, what burns first at the top. Nobody writes them; what cannot be kept is said on the order's page."""

    list_display = ["order_no", "standing", "left", "promised_at", "limit_at", "source", "delay", "buyer"]
    list_filter = [StandingFilter, "source", "outcome", "order__awaits_goods"]
    list_select_related = ["order__member"]
    ordering = ["due_at", "id"]
    found_by = (Number("order__order_no", ends=True),)
    search_help_text = "订单号"
    fields = [
        ("order_shown", "standing", "source"),
        ("owed_at", "first_promised_at", "promised_at"),
        ("limit_at", "warned_at", "reminded_at"),
        ("ended_at", "delay"),
    ]
    readonly_fields = ["order_shown", "standing", "delay"]
    actions_list = ["report"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Deadline]:
        rows: QuerySet[Deadline] = super().get_queryset(request)
        return deadline_facts.with_delay(rows.select_related("order__member"))

    @admin.display(description="订单", ordering="order__order_no")
    def order_no(self, row: Deadline) -> str:
        return row.order.order_no

    @admin.display(description="订单")
    def order_shown(self, row: Deadline) -> SafeString:
        return link(reverse("admin:orders_order_change", args=[row.order_id]), row.order.order_no)

    @admin.display(description="状态", ordering="due_at")
    def standing(self, row: Deadline) -> SafeString:
        return standing_of(row, at=timezone.now())

    @admin.display(description="剩余", ordering="due_at")
    def left(self, row: Deadline) -> str:
        return "—" if row.ended_at else left_in_words(row.due_at, at=timezone.now())

    @admin.display(description="延迟登记")
    def delay(self, row: Any) -> SafeString | str:
        if row.delay_status is None:
            return "—"
        status = DelayStatus(row.delay_status)
        return chip(status.label, DELAY_COLOURS[status])

    @admin.display(description="买家")
    def buyer(self, row: Deadline) -> str:
        return str(row.order.member)

    @action(
        description="履约报表", url_path="report", permissions=["deadlines.view_deadline"], icon="monitoring"
    )
    def report(self, request: HttpRequest) -> HttpResponseBase:
        """How promises were kept in a chosen period; a line for each day, which can be taken along."""
        first, last = reporting.period(self, request)
        since, until, at = days.day_window(first)[0], days.day_window(last)[1], timezone.now()
        title = "发货时限履约报表"
        shops = place_facts.places_of(operator=request.user)
        lines = reports.by_day(since=since, until=until, at=at, shops=shops)
        if request.GET.get("sheet") == "days":
            return reporting.taken_along(
                request,
                sheets.sheet([*_HEAD[:6], "次日发货率（%）", "缺货率（%）"], _rows(lines)),
                title=title,
                subject="按日",
                name="deadlines",
                first=first,
                last=last,
                right=_EXPORT,
            )
        table = {
            "key": "days",
            "title": "按付款日",
            "note": (
                "按时与超时以最初承诺为准；次日发货率只计常规时限的订单（目标不低于 "
                f"{reports.percent(reports.NEXT_DAY_BP)}），缺货率为登记过缺货的订单占比（不高于 "
                f"{reports.percent(reports.STOCK_OUT_BP)}）。"
            ),
            "head": _HEAD,
            "names": 1,
            "rows": [_cells(line) for line in lines],
            "total": _cells(reports.total(lines)) if len(lines) > 1 else None,
            "more": 0,
        }
        around = reporting.around(self, request, title=title, first=first, last=last, right=_EXPORT)
        return TemplateResponse(request, "admin/report.html", {**around, "tables": [table]})


@admin.register(Delay)
class DelayAdmin(OfOrders, ReadOnlyAdmin):
    """What could not be kept, and how buyers answered."""

    list_display = ["order", "reason", "state", "was_promised_at", "promised_at", "answer_until", "operator"]
    list_filter = ["status", "reason", "asked_at"]
    list_select_related = ["order", "operator"]
    found_by = (Number("order__order_no", ends=True),)
    search_help_text = "订单号"
    fields = [
        ("order", "state", "reason"),
        "note",
        ("was_promised_at", "promised_at"),
        ("asked_at", "answer_until", "answered_at"),
        "swaps",
        ("refund_no", "operator"),
    ]
    readonly_fields = ["state", "swaps"]

    @admin.display(description="可换商品")
    def swaps(self, row: Delay) -> SafeString | str:
        return swaps_shown(row)

    @admin.display(description="状态", ordering="status")
    def state(self, row: Delay) -> SafeString:
        return chip(row.get_status_display(), DELAY_COLOURS[row.status])


@admin.register(DeadlineRules)
class DeadlineRulesAdmin(OneRowAdmin):
    """One row of rules."""

    form = forms.RulesForm
    saves = staticmethod(ruling.save_rules)
    fieldsets = [
        ("时限", {"fields": [("promise_hours", "warn_hours", "answer_hours")]}),
        ("每周休息", {"fields": [("saturday_closed", "sunday_closed")]}),
    ]


@admin.register(ShopDay)
class ShopDayAdmin(EditableAdmin):
    """Holidays, and weekend days that are worked."""

    list_display = ["day", "closed", "note"]
    list_filter = ["closed"]
    fields = [("day", "closed"), "note"]
    saves = staticmethod(ruling.save_day)


@admin.register(Promise)
class PromiseAdmin(EditableAdmin):
    """What products and SKUs promise."""

    form = forms.PromiseForm
    list_display = ["__str__", "hours", "ships_on"]
    list_select_related = ["product", "sku__product"]
    search_fields = ["product__title", "sku__product__title", "sku__code"]
    search_help_text = "商品标题或商家编码"
    autocomplete_fields = ["product", "sku"]
    fields = [("product", "sku"), ("hours", "ships_on")]
    saves = staticmethod(ruling.save_promise)


def standing_of(row: Deadline, *, at: datetime) -> SafeString:
    """How a promise stands, in a coloured word."""
    if row.ended_at is not None:
        return chip(row.get_outcome_display(), _OUTCOME_COLOURS[row.outcome])
    if row.limit_at is not None and row.limit_at <= at:
        return chip("已超微信时限", "danger")
    if row.promised_at <= at:
        return chip("已超承诺", "danger")
    return chip("即将超时", "warning") if row.warned_at is not None else chip("正常", "success")


def swaps_shown(row: Delay) -> SafeString | str:
    """What the buyer could take instead, a line each, with what was taken."""
    lines = (
        (
            f"{each.was_title} {each.was_option_text}".strip(),
            f"{each.title} {each.option_text}".strip(),
            each.sku.code,
            "　已选" if each.chosen else "",
        )
        for each in row.offers.all()
    )
    return format_html_join(mark_safe("<br>"), "{} → {}（{}）{}", lines) or "—"


def left_in_words(due_at: datetime, *, at: datetime) -> str:
    """How long until it is due, or since: 还剩 3 小时, 已超 2 天 1 小时."""
    apart = due_at - at
    told = "还剩" if apart > timedelta() else "已超"
    hours, minutes = divmod(int(abs(apart).total_seconds()) // 60, 60)
    if hours >= 24:
        return f"{told} {hours // 24} 天 {hours % 24} 小时"
    return f"{told} {hours} 小时" if hours else f"{told} {minutes} 分钟"


def _cells(line: reports.Line) -> list[Any]:
    rates = [
        (reports.percent(line.next_day_bp), line.misses_next_day),
        (reports.percent(line.stock_out_bp), line.lacks_too_much),
    ]
    counts = (line.owed, line.kept, line.late, line.agreed, line.gone)
    return [
        f"{line.day:%Y-%m-%d}" if line.day else "合计",
        *(f"{count:,}" for count in counts),
        *(chip(told, "danger") if beyond else told for told, beyond in rates),
    ]


def _rows(lines: list[reports.Line]) -> Iterator[list[sheets.Cell]]:
    for line in lines:
        rates = ["" if bp is None else sheets.percent(bp) for bp in (line.next_day_bp, line.stock_out_bp)]
        yield [f"{line.day:%Y-%m-%d}", line.owed, line.kept, line.late, line.agreed, line.gone, *rates]
