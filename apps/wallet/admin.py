"""Stored value for operators: accounts and ledger to read, packs to offer, recharges and corrections by the services."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.base.admin import EditableAdmin, KeptAdmin, ReadOnlyAdmin, yuan_column
from apps.base.asking import Preview, operator, rehearsed
from apps.base.finding import Name, Number, Phone
from apps.base.seeking import Recent, Through
from apps.orders import selectors as order_facts
from apps.wallet import forms
from apps.wallet import selectors as wallet_facts
from apps.wallet import services as wallet
from apps.wallet.models import Account, Entry, Pack, Spending
from apps.wallet.services import packs
from mall.money import changed, priced, yuan


class SaysWhetherOn(EditableAdmin):
    """A list that says so while stored value is switched off."""

    list_before_template = "admin/wallet/switched_off.html"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(
            request, {**(extra_context or {}), "wallet_enabled": wallet_facts.enabled()}
        )


def _change_column(field: str, label: str) -> Callable[[Any, Model], str]:
    """Return a list column that shows a change in yuan with its sign, and no change as a dash."""

    @admin.display(description=label)
    def column(self: Any, row: Model) -> str:
        fen = getattr(row, field)
        return changed(fen) if fen else "—"

    return column


class OwingFilter(admin.SimpleListFilter):
    """Members who owe what the merchant console gave back after they had spent it."""

    title = "欠款"
    parameter_name = "owing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "有欠款")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Account]) -> QuerySet[Account]:
        return queryset.filter(pk__in=wallet_facts.owing()) if self.value() == "1" else queryset


@admin.register(Account)
class AccountAdmin(SaysWhetherOn, ReadOnlyAdmin):
    """What members have. The sums change through the pages 充值 and 人工调整 only."""

    list_display = ["member", "code", "principal", "bonus", "held_principal", "held_bonus", "owed"]
    list_filter = [OwingFilter]
    list_select_related = ["member"]
    found_by = (Number("member__public_id"), Name("member__nickname"), Phone("member__phone"))
    search_help_text = "按会员编号、昵称、完整手机号或手机号后四位查找"
    linked_by = ["member__id__exact"]
    fields = [
        ("member", "code"),
        ("principal", "bonus"),
        ("held_principal", "held_bonus"),
        "owed",
        ("recharges", "ledger"),
    ]
    readonly_fields = [
        *("code", "principal", "bonus", "held_principal", "held_bonus", "owed", "recharges", "ledger")
    ]
    actions_list = ["recharge"]
    actions_row = ["adjust"]
    actions_detail = ["adjust"]
    principal = yuan_column("principal_fen", "本金")
    bonus = yuan_column("bonus_fen", "赠送金")
    held_principal = yuan_column("held_principal_fen", "占用本金")
    held_bonus = yuan_column("held_bonus_fen", "占用赠送金")

    @admin.display(description="会员编号", ordering="member__public_id")
    def code(self, row: Account) -> str:
        return row.member.public_id

    @admin.display(description="欠款（商户平台退款时余额不足）")
    def owed(self, row: Account) -> str:
        if not (row.owed_principal_fen or row.owed_bonus_fen):
            return "–"
        return f"本金 {yuan(row.owed_principal_fen)}，赠送金 {yuan(row.owed_bonus_fen)}；下次入账时扣还"

    @admin.display(description="充值单")
    def recharges(self, row: Account) -> SafeString:
        return _rows_of(row, "recharge", "查看该会员的充值单")

    @admin.display(description="储值流水")
    def ledger(self, row: Account) -> SafeString:
        return _rows_of(row, "entry", "查看该会员的储值流水")

    @action(description="充值", permissions=["wallet.recharge_account"], url_path="recharge", icon="add_card")
    def recharge(self, request: HttpRequest) -> HttpResponse:
        def book(form: forms.BookingForm) -> Entry:
            typed = form.cleaned_data
            return wallet.credit(
                member_id=typed["code"].pk,
                pack_id=typed["pack"].pk,
                cause=f"operator:{typed['token']}",
                reason=typed["reason"],
                operator=operator(request),
                at=timezone.now(),
            )

        return self.ask(request, forms.RechargeForm, lambda form: _told(form, book(form)))

    @action(description="人工调整", permissions=["wallet.adjust_account"], url_path="adjust", icon="tune")
    def adjust(self, request: HttpRequest, object_id: str) -> HttpResponse:
        account: Account = self.row(request, object_id)

        def book(form: Any) -> Entry:
            return wallet.adjust(
                member_id=account.member_id,
                business_key=f"adjust:{form.cleaned_data['token']}",
                reason=form.cleaned_data["reason"],
                operator=operator(request),
                at=timezone.now(),
                **form.change(),
            )

        def stands() -> list[tuple[str, str]]:
            now = Account.objects.get(pk=account.pk)
            free = [("可用本金", priced(now.free_principal_fen)), ("可用赠送金", priced(now.free_bonus_fen))]
            return [*free, ("待扣还", self.owed(now))]

        def look(form: forms.AdjustForm) -> Preview:
            typed = form.cleaned_data
            part = dict(form.fields["part"].choices)[typed["part"]]  # type: ignore[attr-defined]
            sign = "增加" if typed["sign"] > 0 else "减少"
            return rehearsed(
                lambda: book(form),
                stands=stands,
                change=f"{part}{sign} {priced(typed['amount_fen'])}",
                reason=typed["reason"],
            )

        return self.ask(
            request,
            forms.AdjustForm,
            lambda form: _told(form, book(form)),
            row=account,
            heading=_heading(account),
            preview=look,
            back=self.list_page(),
        )


def _told(form: forms.BookingForm, entry: Entry) -> str:
    """What was booked."""
    principal, bonus = yuan(entry.principal_change_fen), yuan(entry.bonus_change_fen)
    return f"{form.title}完成：本金 {principal} 元，赠送金 {bonus} 元"


def _rows_of(account: Account, model: str, text: str) -> SafeString:
    """A link to a list, narrowed to the account's member."""
    address = f"{reverse(f'admin:wallet_{model}_changelist')}?{urlencode({'q': account.member.public_id})}"
    return format_html('<a class="text-primary-600 underline" href="{}">{}</a>', address, text)


def _heading(account: Account) -> str:
    principal, bonus = priced(account.free_principal_fen), priced(account.free_bonus_fen)
    return f"{account.member}（{account.member.public_id}）· 可用本金 {principal}，可用赠送金 {bonus}"


@admin.register(Pack)
class PackAdmin(SaysWhetherOn, KeptAdmin):
    """Recharges on offer. They are switched off, never deleted: the ledger names them."""

    form = forms.PackForm
    saves = staticmethod(packs.save)
    list_display = ["title", "principal", "bonus", "per_member", "starts_at", "ends_at", "enabled"]
    list_filter = ["enabled"]
    search_fields = ["title"]
    principal = yuan_column("principal_fen", "充值金额")
    bonus = yuan_column("bonus_fen", "赠送金额")


@admin.register(Spending)
class SpendingAdmin(SaysWhetherOn, ReadOnlyAdmin):
    """What orders hold, have taken and have got back."""

    list_display = [
        "order_no",
        "member",
        "principal",
        "bonus",
        "restored_principal",
        "restored_bonus",
        "status",
    ]
    list_filter = ["status"]
    list_select_related = ["account__member"]
    found_by = (Number("order_no"), Number("account__member__public_id"))
    search_help_text = "按订单号或会员编号查找"
    principal = yuan_column("principal_fen", "本金")
    bonus = yuan_column("bonus_fen", "赠送金")
    restored_principal = yuan_column("restored_principal_fen", "已退本金")
    restored_bonus = yuan_column("restored_bonus_fen", "已退赠送金")

    @admin.display(description="会员")
    def member(self, row: Spending) -> str:
        return str(row.account.member)


@admin.register(Entry)
class EntryAdmin(SaysWhetherOn, ReadOnlyAdmin):
    """The ledger, newest first: every change of every sum, and who or what caused it."""

    list_display = [
        "at",
        "member",
        "kind",
        "principal_change",
        "bonus_change",
        "held_principal_change",
        "held_bonus_change",
        "pack",
        "reason",
        "operator",
        "business_key",
    ]
    list_filter = ["kind"]
    list_select_related = ["account__member", "pack", "operator"]
    found_by = (
        Through("business_key", owner="account__member", whose=order_facts.buyers_of),
        Recent("business_key"),
        Number("account__member__public_id"),
    )
    search_help_text = "按订单号或会员编号查找；其他业务键在最近 10 万条里查找"
    principal_change = _change_column("principal_change_fen", "本金变化")
    bonus_change = _change_column("bonus_change_fen", "赠送金变化")
    held_principal_change = _change_column("held_principal_change_fen", "占用本金变化")
    held_bonus_change = _change_column("held_bonus_change_fen", "占用赠送金变化")

    @admin.display(description="会员")
    def member(self, row: Entry) -> str:
        return str(row.account.member)
