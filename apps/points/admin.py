"""Points for operators: accounts and ledgers to read, rules and goods to set, corrections by way of the services."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.decorators import action

from apps.base.admin import EditableAdmin, KeptAdmin, ReadOnlyAdmin, ReadOnlyTabular, yuan_column
from apps.base.asking import Preview, operator, rehearsed
from apps.base.finding import Name, Number
from apps.base.one_row import OneRowAdmin
from apps.base.seeking import Recent, Through, Whole
from apps.orders import selectors as order_facts
from apps.points import forms
from apps.points import services as points
from apps.points.models import (
    Account,
    CheckIn,
    Entry,
    InteractionRule,
    Lot,
    Redemption,
    Rules,
    Spending,
)
from apps.points.services import ruling
from apps.points.states import EntryKind


class DebtFilter(admin.SimpleListFilter):
    """Who owes points."""

    title = "欠积分"
    parameter_name = "debt"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "有欠积分")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(debt__gt=0) if self.value() == "yes" else queryset


class LotInline(ReadOnlyTabular):
    model = Lot
    fields = ["earned_at", "amount", "left", "expired", "expires_at"]
    readonly_fields = fields


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    """What members have and owe. The figures change through the services only."""

    list_display = ["member", "code", "balance", "debt"]
    list_filter = [DebtFilter]
    list_select_related = ["member"]
    found_by = (Number("member__public_id"), Name("member__nickname"))
    search_help_text = "会员编号或昵称"
    linked_by = ["member__id__exact"]
    inlines = [LotInline]
    actions_detail = ["correct"]

    @admin.display(description="会员编号", ordering="member__public_id")
    def code(self, row: Account) -> str:
        return row.member.public_id

    @action(
        description="调整积分", url_path="correct", permissions=["points.correct_account"], icon="exposure"
    )
    def correct(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give or take points by hand; the ledger keeps who and why."""
        account: Account = self.row(request, object_id)

        def book(form: forms.CorrectionForm) -> str:
            _correct(account, form.cleaned_data, operator=operator(request))
            return f"已调整 {form.cleaned_data['change']:+,} 积分。"

        def stands() -> list[tuple[str, str]]:
            now = Account.objects.get(pk=account.pk)
            return [("余额", f"{now.balance:,}"), ("欠积分", f"{now.debt:,}")]

        def look(form: forms.CorrectionForm) -> Preview:
            typed = form.cleaned_data
            return rehearsed(
                lambda: _correct(account, typed, operator=operator(request)),
                stands=stands,
                change=f"{typed['change']:+,} 积分",
                reason=typed["reason"],
            )

        heading = f"{account.member} · 余额 {account.balance:,}，欠 {account.debt:,}"
        return self.ask(request, forms.CorrectionForm, book, row=account, heading=heading, preview=look)


def _correct(account: Account, typed: dict[str, Any], *, operator: Any) -> None:
    book, kind = (
        (points.earn, EntryKind.GRANT) if typed["change"] > 0 else (points.claw_back, EntryKind.DEDUCT)
    )
    book(
        member_id=account.member_id,
        amount=abs(typed["change"]),
        cause=f"operator:{typed['token']}",
        kind=kind,
        reason=typed["reason"],
        operator=operator,
        at=timezone.now(),
    )


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    """The ledger, newest first."""

    list_display = ["at", "member", "kind", "change", "debt_change", "reason", "operator", "business_key"]
    list_filter = ["kind", "at"]
    list_select_related = ["account__member", "operator"]
    found_by = (
        Number("account__member__public_id"),
        Through("business_key", owner="account__member", whose=order_facts.buyers_of),
        Recent("business_key"),
    )
    search_help_text = "会员编号或订单号；其他业务键在最近 10 万条里查找"

    @admin.display(description="会员")
    def member(self, row: Entry) -> str:
        return str(row.account.member)


@admin.register(Spending)
class SpendingAdmin(ReadOnlyAdmin):
    """What orders hold, have used and got back."""

    list_display = ["order_no", "member", "points", "restored", "status"]
    list_filter = ["status"]
    list_select_related = ["account__member"]
    found_by = (Number("order_no"),)
    search_help_text = "订单号"

    @admin.display(description="会员")
    def member(self, row: Spending) -> str:
        return str(row.account.member)


@admin.register(CheckIn)
class CheckInAdmin(ReadOnlyAdmin):
    """Who checked in when, newest first."""

    list_display = ["on", "member", "streak", "points", "at"]
    list_filter = ["on"]
    list_select_related = ["member"]
    found_by = (Number("member__public_id"),)
    search_help_text = "会员编号"


@admin.register(Rules)
class RulesAdmin(OneRowAdmin):
    """The one row of rules; while there is none the defaults hold."""

    form = forms.RulesForm
    saves = staticmethod(ruling.save_rules)
    fieldsets = [
        ("获得", {"fields": [("points_per_yuan", "growth_per_yuan")]}),
        ("签到", {"fields": [("check_in_points", "streak_days", "streak_bonus")]}),
        ("抵扣", {"fields": [("deduction_points_per_yuan", "deduction_cap_bp")]}),
        ("有效期", {"fields": [("expiry", "expiry_months"), "remind_days"]}),
    ]
    conditional_fields = {"expiry_months": "expiry == 'MONTHS'"}


@admin.register(InteractionRule)
class InteractionRuleAdmin(EditableAdmin):
    """What interactions give."""

    form = forms.InteractionRuleForm
    saves = staticmethod(ruling.save_interaction)
    list_display = ["kind", "enabled", "points", "growth", "once", "daily_cap"]


class PointsGoodPage(KeptAdmin):
    """The shelf of the points mall. Goods are switched off, never deleted: redemptions name them."""

    form = forms.PointsGoodForm
    saves = staticmethod(ruling.save_good)
    money = yuan_column("money_fen", "另付")
    list_display = [
        "title",
        "kind",
        "points",
        "money",
        "redeemed",
        "quota",
        "starts_at",
        "ends_at",
        "enabled",
    ]
    list_filter = ["kind", "enabled"]
    search_fields = ["title"]
    readonly_fields = ["redeemed"]
    conditional_fields = {
        "sku": "kind == 'SKU'",
        "money_fen": "kind == 'SKU'",
        "coupon_template_id": "kind == 'COUPON'",
    }


@admin.register(Redemption)
class RedemptionAdmin(ReadOnlyAdmin):
    """What was redeemed, newest first."""

    list_display = ["at", "redemption_no", "member", "good", "quantity", "points", "order_no", "status"]
    list_filter = ["status", "good"]
    list_select_related = ["member", "good"]
    found_by = (Number("redemption_no"), Whole("order_no"), Number("member__public_id"))
    search_help_text = "兑换单号、订单号或会员编号"
