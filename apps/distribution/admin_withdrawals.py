"""Withdrawals for operators: what waits for a look, the story of each, and the month's statement."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.base import audit, days, sheets
from apps.base.admin import ReadOnlyAdmin, ReadOnlyTabular, chip, fault_column, yuan_column
from apps.base.asking import Done, operator
from apps.base.finding import Number
from apps.base.seeking import Recent
from apps.distribution import exports
from apps.distribution import withdrawal_forms as forms
from apps.distribution import withdrawal_selectors as withdrawal_facts
from apps.distribution.models import Withdrawal, WithdrawalStep
from apps.distribution.services import transferring, withdrawals
from apps.distribution.states import WithdrawalStatus
from mall import text as texts
from mall.money import priced

_COLOURS = {
    WithdrawalStatus.REVIEW: "warning",
    WithdrawalStatus.PAYING: "info",
    WithdrawalStatus.CONFIRM: "info",
    WithdrawalStatus.DONE: "success",
    WithdrawalStatus.FAILED: "danger",
    WithdrawalStatus.REJECTED: "danger",
}


class StepInline(ReadOnlyTabular):
    """The story."""

    model = WithdrawalStep
    verbose_name_plural = "经过"
    told = fault_column("note", "说明")
    fields = ["at", "step", "to_status", "told", "operator"]
    readonly_fields = fields


class StuckFilter(admin.SimpleListFilter):
    """What WeChat would not take so far."""

    title = "处理情况"
    parameter_name = "stuck"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "微信未受理")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Withdrawal]) -> QuerySet[Withdrawal]:
        if self.value() != "yes":
            return queryset
        return queryset.filter(pk__in=withdrawal_facts.stuck().values("pk"))


@admin.register(Withdrawal)
class WithdrawalAdmin(ReadOnlyAdmin):
    """Withdrawals, newest first. Nobody writes them: the buttons call the services."""

    amount = yuan_column("amount_fen", "金额")
    trouble = fault_column("last_error", "最近错误")
    list_display = [
        "withdrawal_no",
        "promoter",
        "amount",
        "standing",
        "needs",
        "requested_at",
        "ended_at",
        "reason",
        "trouble",
    ]
    list_filter = ["status", StuckFilter, "requested_at"]
    list_select_related = ["promoter__member"]
    found_by = (
        Number("withdrawal_no"),
        Recent("transfer_bill_no", whole=True),
        Number("promoter__member__public_id"),
        Number("promoter__code"),
    )
    search_help_text = "提现单号、推客的会员编号或推广码；微信转账单号在最近 10 万笔里查找"
    linked_by = ["promoter__member__id__exact"]
    # The name's ciphertext and the page's key are left out: nobody needs to see them.
    fields = [
        ("withdrawal_no", "promoter", "standing"),
        ("amount", "name_masked", "receiver"),
        ("needs", "reviewed_by", "reviewed_at"),
        ("seconded_by", "seconded_at"),
        ("transfer_bill_no", "at_wechat", "reason"),
        ("requested_at", "offered_at", "ended_at"),
        ("attempts", "due_at", "trouble"),
    ]
    readonly_fields = ["trouble", "amount", "standing", "needs", "receiver", "at_wechat"]
    inlines = [StepInline]
    actions_list = ["statement"]
    actions_detail = ["approve", "second", "reject", "cancel"]

    def usable(self, row: Withdrawal) -> list[str]:
        """What waits is let pass (by the first or the second) or rejected; what waits for its user can be taken back."""
        if row.status == WithdrawalStatus.REVIEW:
            return ["second" if row.waits_for_second else "approve", "reject"]
        return ["cancel"] if row.status == WithdrawalStatus.CONFIRM else []

    @admin.display(description="状态", ordering="status")
    def standing(self, row: Withdrawal) -> SafeString:
        label = "待复核" if row.waits_for_second else row.get_status_display()
        return chip(label, _COLOURS[WithdrawalStatus(row.status)])

    @admin.display(description="审核", ordering="reviews_needed")
    def needs(self, row: Withdrawal) -> str:
        return {0: "无需审核", 1: "一人审核"}.get(row.reviews_needed, "两人审核")

    @admin.display(description="微信状态")
    def at_wechat(self, row: Withdrawal) -> str:
        return withdrawal_facts.wechat_told(row.wechat_state) or "—"

    @admin.display(description="收款 openid")
    def receiver(self, row: Withdrawal) -> str:
        return texts.masked_number(row.openid) if row.openid else "—"

    def get_urls(self) -> list[Any]:
        """The statement beside the pages."""
        shown = self.admin_site.admin_view(self.download)
        return [path("statement/<str:month>/", shown, name="withdrawal_statement"), *super().get_urls()]

    @action(
        description="通过", permissions=["distribution.review_withdrawal"], url_path="approve", icon="check"
    )
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._let_pass(request, object_id, forms.ApproveForm)

    @action(
        description="复核通过",
        permissions=["distribution.review_withdrawal"],
        url_path="second",
        icon="done_all",
    )
    def second(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._let_pass(request, object_id, forms.SecondForm)

    def _let_pass(self, request: HttpRequest, object_id: str, form: Any) -> HttpResponse:
        row: Withdrawal = self.row(request, object_id)

        def approve(_: Any) -> str:
            number, by = row.withdrawal_no, operator(request)
            passed = withdrawals.approve(withdrawal_no=number, operator=by, at=timezone.now())
            return "初审已通过，等待另一位同事复核。" if passed.waits_for_second else "已通过，即将发起转账。"

        return self.ask(
            request, form, approve, row=row, heading=_told(row), facts=_facts(row), seen=_standing(row)
        )

    @action(
        description="驳回", permissions=["distribution.review_withdrawal"], url_path="reject", icon="block"
    )
    def reject(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Withdrawal = self.row(request, object_id)

        def reject(form: forms.RejectForm) -> str:
            number, reason = row.withdrawal_no, form.cleaned_data["reason"]
            withdrawals.reject(
                withdrawal_no=number, reason=reason, operator=operator(request), at=timezone.now()
            )
            return "已驳回，金额已退回可提现佣金。"

        return self.ask(
            request,
            forms.RejectForm,
            reject,
            row=row,
            heading=_told(row),
            facts=_facts(row),
            seen=_standing(row),
        )

    @action(
        description="撤销转账",
        permissions=["distribution.cancel_withdrawal"],
        url_path="cancel",
        icon="undo",
    )
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Withdrawal = self.row(request, object_id)

        def cancel(_: Any) -> str:
            left = transferring.cancel(withdrawal_no=row.withdrawal_no, at=timezone.now())
            over = left.status == WithdrawalStatus.FAILED
            return "已撤销，金额已退回可提现佣金。" if over else "微信正在撤销，结果稍后更新。"

        return self.ask(
            request,
            forms.CancelForm,
            cancel,
            row=row,
            heading=_told(row),
            facts=_facts(row),
            outside=True,  # WeChat is asked to take it back
        )

    @action(
        description="导出月报",
        permissions=["distribution.export_withdrawal"],
        url_path="statement",
        icon="download",
    )
    def statement(self, request: HttpRequest) -> HttpResponse:
        def chosen(form: forms.MonthForm) -> Done:
            typed = form.cleaned_data
            address = reverse("admin:withdrawal_statement", args=[typed["month"]])
            return Done("月报已生成。", then=f"{address}?as={typed['form']}")

        return self.ask(request, forms.MonthForm, chosen, audit_as=("导出提现月报", "推客提现"))

    def download(self, request: HttpRequest, month: str) -> HttpResponseBase:
        """The statement of a month as a sheet; who takes it is written down."""
        if not operator(request).has_perm("distribution.export_withdrawal"):
            raise PermissionDenied
        first = next((one for one in forms.months(timezone.now()) if f"{one:%Y-%m}" == month), None)
        if first is None:
            raise Http404
        audit.record(operator=operator(request), action="下载提现月报", subject=month, at=timezone.now())
        since, until = days.month_window(first)
        return sheets.answer(
            exports.withdrawals(since=since, until=until),
            name=f"withdrawals-{month}",
            as_csv=request.GET.get("as") == "csv",
        )


def _told(row: Withdrawal) -> str:
    return f"{row.withdrawal_no} · {row.promoter} · {priced(row.amount_fen)}"


def _facts(row: Withdrawal) -> list[tuple[str, str]]:
    account = row.promoter.account
    facts = [
        ("可提现", priced(account.available_fen)),
        ("已提现", priced(account.withdrawn_fen)),
        ("欠款", priced(account.debt_fen)),
    ]
    if row.name_masked:
        facts.append(("姓名", row.name_masked))
    if row.waits_for_second:
        facts.append(("初审人", str(row.reviewed_by)))
    return facts


def _standing(row: Withdrawal) -> str:
    """What must not have changed between looking and sending."""
    return f"{row.status}:{row.reviewed_by_id}"
