"""Promoters' money for operators: commissions with what was held of them, accounts with debts, the ledger."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import path
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.base import audit, sheets
from apps.base.admin import ReadOnlyAdmin, ReadOnlyTabular, chip, yuan_column
from apps.base.asking import Done, Preview, operator, rehearsed
from apps.base.choosing import asks_for_chosen, chosen, told
from apps.base.finding import Name, Number
from apps.base.seeking import Recent, Through, Whole
from apps.distribution import exports, forms
from apps.distribution import selectors as promoter_facts
from apps.distribution.models import Account, Commission, Entry
from apps.distribution.services import holds, ledger
from apps.distribution.states import CommissionStatus
from mall.money import percent, priced

_JUDGE = "distribution.judge_commission"
_COLOURS = {
    CommissionStatus.PENDING: "info",
    CommissionStatus.FROZEN: "warning",
    CommissionStatus.AVAILABLE: "success",
}


class TakenBackInline(ReadOnlyTabular):
    model = Commission
    fk_name = "of"
    verbose_name_plural = "扣回"
    taken = yuan_column("amount_fen", "扣回")
    fields = ["at", "business_key", "taken", "reason"]
    readonly_fields = fields


@admin.register(Commission)
class CommissionAdmin(ReadOnlyAdmin):
    """What each line of an order earned, and what refunds took of it."""

    base = yuan_column("base_fen", "计佣金额")
    amount = yuan_column("amount_fen", "佣金")
    taken = yuan_column("taken_back_fen", "已扣回")
    list_display = [
        "at",
        "order_no",
        "promoter",
        "level",
        "base",
        "rate",
        "amount",
        "taken",
        "standing",
        "looked_at",
    ]
    list_filter = ["status", "held", "level", "at"]
    list_select_related = ["promoter__member", "line"]
    found_by = (Whole("order_no"), Number("promoter__member__public_id"), Number("promoter__code"))
    search_help_text = "订单号、推客的会员编号或推广码"
    linked_by = ["promoter__member__id__exact"]
    fields = [
        ("order_no", "line", "buyer"),
        ("promoter", "level", "standing"),
        ("base", "rate", "rate_source"),
        ("amount", "taken", "reason"),
        ("at", "frozen_at", "due_at"),
        ("available_at", "cancelled_at", "looked_at"),
    ]
    readonly_fields = ["base", "amount", "taken", "rate", "standing", "looked_at"]
    inlines = [TakenBackInline]
    actions = ["release_chosen", "reject_chosen"]
    actions_list = ["export", "export_csv"]
    actions_detail = ["hold", "release", "reject"]

    def usable(self, row: Commission) -> list[str]:
        """What is not available yet can be held; what is held, released or rejected."""
        if row.of_id is not None or row.status not in {CommissionStatus.PENDING, CommissionStatus.FROZEN}:
            return []
        return ["release", "reject"] if row.held else ["hold"]

    @admin.display(description="状态", ordering="status")
    def standing(self, row: Commission) -> SafeString:
        return chip(row.get_status_display(), _COLOURS.get(CommissionStatus(row.status), ""))

    @admin.display(description="比例", ordering="rate_bp")
    def rate(self, row: Commission) -> str:
        return percent(row.rate_bp)

    @admin.display(description="待核实")
    def looked_at(self, row: Commission) -> str:
        return "；".join(row.hold_reasons) if row.held else "—"

    release_chosen = asks_for_chosen(
        description="放行所选的佣金", permission=_JUDGE, page="distribution_commission_release_many"
    )
    reject_chosen = asks_for_chosen(
        description="驳回所选的佣金", permission=_JUDGE, page="distribution_commission_reject_many"
    )

    def get_urls(self) -> list[Any]:
        """The pages that ask about chosen commissions beside the others."""
        view = self.admin_site.admin_view
        return [
            path("release-many/", view(self.release_many), name="distribution_commission_release_many"),
            path("reject-many/", view(self.reject_many), name="distribution_commission_reject_many"),
            *super().get_urls(),
        ]

    def release_many(self, request: HttpRequest) -> HttpResponse:
        """Ask, then let each of the chosen commissions go by itself."""

        def release(_: forms.ReleaseForm, ids: list[int]) -> Done:
            outcome = holds.release_each(commission_ids=ids, operator=operator(request), at=timezone.now())
            return told(outcome, "放行")

        return self._many(request, forms.ReleaseForm, release)

    def reject_many(self, request: HttpRequest) -> HttpResponse:
        """Ask why, then cancel each of the chosen commissions by itself."""

        def reject(form: forms.RejectForm, ids: list[int]) -> Done:
            reason, by = form.cleaned_data["reason"], operator(request)
            outcome = holds.reject_each(commission_ids=ids, reason=reason, operator=by, at=timezone.now())
            return told(outcome, "驳回")

        return self._many(request, forms.RejectForm, reject)

    def _many(self, request: HttpRequest, form_class: Any, act: Any) -> HttpResponse:
        rows = chosen(self.get_queryset(request), request, permission=_JUDGE)
        return self.ask(
            request,
            form_class,
            lambda form: act(form, [row.pk for row in rows]),
            heading=f"所选的 {len(rows)} 笔佣金",
            facts=[(row.get_status_display(), f"{_told(row)}：{self.looked_at(row)}") for row in rows],
            outside=True,
        )

    @action(
        description="导出明细",
        permissions=["distribution.export_commission"],
        url_path="export",
        icon="download",
    )
    def export(self, request: HttpRequest) -> HttpResponseBase:
        """All commissions as a sheet; who exports is written down."""
        return self._exported(request, as_csv=False)

    @action(
        description="导出明细（CSV）",
        permissions=["distribution.export_commission"],
        url_path="export-csv",
        icon="csv",
    )
    def export_csv(self, request: HttpRequest) -> HttpResponseBase:
        """The same as text, for programs."""
        return self._exported(request, as_csv=True)

    def _exported(self, request: HttpRequest, *, as_csv: bool) -> HttpResponseBase:
        audit.record(operator=operator(request), action="导出佣金明细", subject="佣金", at=timezone.now())
        return sheets.answer(exports.commissions(), name="commissions", as_csv=as_csv)

    @action(
        description="暂扣", permissions=["distribution.judge_commission"], url_path="hold", icon="pan_tool"
    )
    def hold(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Commission = self.row(request, object_id)

        def hold(form: forms.HoldForm) -> str:
            reasons = [form.cleaned_data["reason"]]
            holds.hold(commission_ids=[row.pk], reasons=reasons)
            return "已暂扣。"

        return self.ask(request, forms.HoldForm, hold, row=row, heading=_told(row))

    @action(
        description="放行", permissions=["distribution.judge_commission"], url_path="release", icon="check"
    )
    def release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Commission = self.row(request, object_id)

        def release(_: forms.ReleaseForm) -> str:
            holds.release(commission_ids=[row.pk], operator=operator(request), at=timezone.now())
            return "已放行。"

        facts = [("待核实原因", reason) for reason in row.hold_reasons]
        return self.ask(request, forms.ReleaseForm, release, row=row, heading=_told(row), facts=facts)

    @action(
        description="驳回", permissions=["distribution.judge_commission"], url_path="reject", icon="close"
    )
    def reject(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Commission = self.row(request, object_id)

        def reject(form: forms.RejectForm) -> str:
            reason, by = form.cleaned_data["reason"], operator(request)
            holds.reject(commission_ids=[row.pk], reason=reason, operator=by, at=timezone.now())
            return "已驳回。"

        facts = [("待核实原因", reason) for reason in row.hold_reasons]
        return self.ask(request, forms.RejectForm, reject, row=row, heading=_told(row), facts=facts)


class DebtFilter(admin.SimpleListFilter):
    """Who owes."""

    title = "欠款"
    parameter_name = "debt"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "有欠款")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(debt_fen__gt=0) if self.value() == "yes" else queryset


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    """What promoters have, and owe. The figures change through the services only."""

    pending = yuan_column("pending_fen", "待收货")
    frozen = yuan_column("frozen_fen", "冻结")
    available = yuan_column("available_fen", "可提现")
    withdrawing = yuan_column("withdrawing_fen", "提现中")
    withdrawn = yuan_column("withdrawn_fen", "已提现")
    debt = yuan_column("debt_fen", "欠款")
    list_display = ["promoter", "pending", "frozen", "available", "withdrawing", "withdrawn", "debt"]
    list_filter = [DebtFilter]
    list_select_related = ["promoter__member"]
    found_by = (Number("promoter__member__public_id"), Name("promoter__member__nickname"))
    search_help_text = "会员编号或昵称"
    fields = ["promoter", ("pending", "frozen", "available"), ("withdrawing", "withdrawn", "debt")]
    readonly_fields = ["pending", "frozen", "available", "withdrawing", "withdrawn", "debt"]
    actions_detail = ["adjust"]

    @action(
        description="人工调整",
        permissions=["distribution.adjust_account"],
        url_path="adjust",
        icon="exposure",
    )
    def adjust(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Correct what may be withdrawn; the ledger keeps who and why."""
        row: Account = self.row(request, object_id)

        def book(form: forms.AdjustForm) -> int:
            typed = form.cleaned_data
            change_fen: int = typed["more"] or -typed["less"]
            ledger.adjust(
                promoter_id=row.pk,
                change_fen=change_fen,
                business_key=f"operator:{typed['token']}",
                reason=typed["reason"],
                operator=operator(request),
                at=timezone.now(),
            )
            return change_fen

        def stands() -> list[tuple[str, str]]:
            now = Account.objects.get(pk=row.pk)
            return [("可提现", priced(now.available_fen)), ("欠款", priced(now.debt_fen))]

        def look(form: forms.AdjustForm) -> Preview:
            typed = form.cleaned_data
            change = f"增加 {priced(typed['more'])}" if typed["more"] else f"减少 {priced(typed['less'])}"
            return rehearsed(lambda: book(form), stands=stands, change=change, reason=typed["reason"])

        told = f"{row.promoter} · 可提现 {priced(row.available_fen)}，欠款 {priced(row.debt_fen)}"
        return self.ask(
            request,
            forms.AdjustForm,
            lambda form: f"已调整 {priced(book(form))}。",
            row=row,
            heading=told,
            preview=look,
        )


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    """The ledger, newest first."""

    pending = yuan_column("pending_change_fen", "待收货")
    frozen = yuan_column("frozen_change_fen", "冻结")
    available = yuan_column("available_change_fen", "可提现")
    withdrawing = yuan_column("withdrawing_change_fen", "提现中")
    withdrawn = yuan_column("withdrawn_change_fen", "已提现")
    debt = yuan_column("debt_change_fen", "欠款")
    list_display = [
        "at",
        "account",
        "kind",
        "pending",
        "frozen",
        "available",
        "withdrawing",
        "withdrawn",
        "debt",
        "business_key",
    ]
    list_filter = ["kind", "at"]
    list_select_related = ["account__promoter__member", "operator"]
    found_by = (
        Number("account__promoter__member__public_id"),
        Through("business_key", owner="account__promoter", whose=promoter_facts.earners_of),
        Recent("business_key"),
    )
    search_help_text = "会员编号或订单号；其他业务键在最近 10 万条里查找"


def _told(row: Commission) -> str:
    return f"{row.promoter} · {row.order_no} · {priced(row.left_fen)}"
