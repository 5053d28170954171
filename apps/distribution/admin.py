"""Promoters for operators: applications, levels, the tree of two levels, bindings with their history."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.base import audit, sheets
from apps.base.admin import ReadOnlyAdmin, ReadOnlyTabular, chip, with_way
from apps.base.asking import Done, operator
from apps.base.finding import Name, Number
from apps.distribution import (
    admin_money,
    admin_rules,
    admin_sharers,
    admin_withdrawals,
    exports,
    forms,
    report_page,
    reports,
)
from apps.distribution import selectors as promoter_facts
from apps.distribution.models import (
    Bond,
    BondChange,
    Promoter,
    PromoterMove,
)
from apps.distribution.report_page import Table
from apps.distribution.services import bindings, promoters
from apps.distribution.states import MOVE_LABELS, PROMOTER_LIFECYCLE, PromoterStatus
from apps.members import selectors as member_facts
from mall.money import priced

__all__ = ["PromoterAdmin", "admin_money", "admin_rules", "admin_sharers", "admin_withdrawals"]

_COLOURS = {
    PromoterStatus.PENDING: "warning",
    PromoterStatus.ACTIVE: "success",
    PromoterStatus.SUSPENDED: "danger",
}
_TABLES = (
    Table(
        key="promoters",
        title="推客",
        names=("会员编号", "昵称", "等级"),
        lines=lambda since, until: reports.by_promoter(since=since, until=until),
        note="按付款时间统计。收入为直接客户实付的商品金额，已减退款，不含运费；佣金含一级与二级，已减扣回；奖励为榜单奖励。",
    ),
    Table(
        key="channels",
        title="渠道",
        names=("渠道",),
        lines=lambda since, until: reports.by_channel(since=since, until=until),
        note="按下单时客户当初的绑定方式统计；续期不改变渠道。",
    ),
    Table(
        key="contests",
        title="榜单活动",
        names=("活动",),
        lines=lambda since, until: reports.by_contest(since=since, until=until),
        note="列出与所选日期有交集的活动，数字按活动自身的起止时间统计；奖励在发奖后计入。",
    ),
)
# So many of a promoter's customers, and of each of theirs, are in the tree on its page; the lists have them all.
_TREE = 20


class MoveInline(ReadOnlyTabular):
    model = PromoterMove
    verbose_name_plural = "历史"
    fields = ["at", "done", "from_status", "to_status", "note", "operator"]
    readonly_fields = fields

    @admin.display(description="动作")
    def done(self, row: PromoterMove) -> str:
        return MOVE_LABELS.get(row.move, row.move)


@admin.register(Promoter)
class PromoterAdmin(ReadOnlyAdmin):
    """Who promotes, with what came of it; applications wait here."""

    list_display = [
        "member",
        "standing",
        "level",
        "customers",
        "orders",
        "brought",
        "earned",
        "roi",
        "active_at",
    ]
    list_filter = ["status", "level", "active_at"]
    found_by = (Number("member__public_id"), Name("member__nickname"), Number("code"))
    search_help_text = "会员编号、昵称或推广码"
    linked_by = ["member__id__exact"]
    fields = [
        ("member", "standing", "level"),
        ("code", "applied_at", "active_at"),
        ("customers", "orders", "brought"),
        ("earned", "roi", "money"),
        "tree",
    ]
    readonly_fields = ["standing", "customers", "orders", "brought", "earned", "roi", "money", "tree"]
    inlines = [MoveInline]
    actions_list = ["appoint", "report", "export", "export_csv"]
    actions_detail = ["approve", "refuse", "suspend", "resume", "set_level", "bind", "unbind"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Promoter]:
        return promoter_facts.reported()

    def usable(self, row: Promoter) -> list[str]:
        """The moves from where it stands; who promotes may have a level and customers."""
        moves = [name for name, move in PROMOTER_LIFECYCLE.moves.items() if row.status in move.sources]
        return [*moves, "set_level", "bind", "unbind"] if row.status == PromoterStatus.ACTIVE else moves

    @admin.display(description="状态", ordering="status")
    def standing(self, row: Promoter) -> SafeString:
        return chip(row.get_status_display(), _COLOURS.get(PromoterStatus(row.status), ""))

    @admin.display(description="客户", ordering="customers")
    def customers(self, row: Any) -> str:
        return str(row.customers)

    @admin.display(description="推广订单", ordering="orders")
    def orders(self, row: Any) -> str:
        return str(row.orders)

    @admin.display(description="推广金额", ordering="brought_fen")
    def brought(self, row: Any) -> str:
        return priced(row.brought_fen)

    @admin.display(description="佣金", ordering="earned_fen")
    def earned(self, row: Any) -> SafeString:
        told = priced(row.earned_fen - row.back_fen)
        return with_way(told, "distribution_commission", promoter__member__id__exact=row.member_id)

    @admin.display(description="投入产出比")
    def roi(self, row: Any) -> str:
        """How many times the commission what was sold comes to."""
        return promoter_facts.return_of(row.brought_fen, cost_fen=row.earned_fen - row.back_fen) or "—"

    @admin.display(description="账户")
    def money(self, row: Any) -> str:
        account = row.account
        told = [
            ("待收货", account.pending_fen),
            ("冻结", account.frozen_fen),
            ("可提现", account.available_fen),
            ("提现中", account.withdrawing_fen),
        ]
        told += [("已提现", account.withdrawn_fen), ("欠款", account.debt_fen)]
        return "，".join(f"{label} {priced(fen)}" for label, fen in told if fen) or "—"

    @admin.display(description="团队（两级）")
    def tree(self, row: Promoter) -> SafeString:
        """Whom they brought, and whom those brought; more levels there are none."""
        branches = [
            (
                str(bond.member),
                format_html(
                    "<ul class='ml-6'>{}</ul>",
                    format_html_join("", "<li>└ {}</li>", [(str(leaf.member),) for leaf in leaves]),
                )
                if leaves
                else "",
            )
            for bond, leaves in promoter_facts.tree_of(row, most=_TREE)
        ]
        if not branches:
            return format_html("{}", "还没有客户")
        drawn = format_html("<ul>{}</ul>", format_html_join("", "<li>{}{}</li>", branches))
        return format_html(
            "{}{}", drawn, with_way("全部客户", "distribution_bond", promoter__id__exact=row.pk)
        )

    @action(
        description="任命推客",
        permissions=["distribution.appoint_promoter"],
        url_path="appoint",
        icon="person_add",
    )
    def appoint(self, request: HttpRequest) -> HttpResponse:
        def appoint(form: forms.AppointForm) -> Done:
            level = form.cleaned_data["level"]
            found = promoters.appoint(
                member_id=member_facts.by_public_id(form.cleaned_data["member"]).pk,
                level_id=level.pk if level else None,
                operator=operator(request),
                at=timezone.now(),
            )
            return Done("已任命。", then=self.page_of(found), about=found)

        return self.ask(request, forms.AppointForm, appoint)

    @action(
        description="推广报表",
        permissions=["distribution.view_promoter"],
        url_path="report",
        icon="monitoring",
    )
    def report(self, request: HttpRequest) -> HttpResponseBase:
        """What promoting brought in and cost in a period, by promoter, channel and contest."""
        return report_page.show(
            self,
            request,
            title="推广报表",
            name="promotion",
            tables=_TABLES,
            exports="distribution.export_commission",
        )

    @action(
        description="导出报表",
        permissions=["distribution.export_commission"],
        url_path="export",
        icon="download",
    )
    def export(self, request: HttpRequest) -> HttpResponseBase:
        """Every promoter with figures, as a sheet; who exports is written down."""
        return self._exported(request, as_csv=False)

    @action(
        description="导出报表（CSV）",
        permissions=["distribution.export_commission"],
        url_path="export-csv",
        icon="csv",
    )
    def export_csv(self, request: HttpRequest) -> HttpResponseBase:
        """The same as text, for programs."""
        return self._exported(request, as_csv=True)

    @action(
        description="通过申请",
        permissions=["distribution.appoint_promoter"],
        url_path="approve",
        icon="check",
    )
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._move(request, object_id, "approve", forms.ApproveForm)

    @action(
        description="拒绝申请", permissions=["distribution.appoint_promoter"], url_path="refuse", icon="close"
    )
    def refuse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._move(request, object_id, "refuse", forms.RefuseForm)

    @action(
        description="停用", permissions=["distribution.appoint_promoter"], url_path="suspend", icon="block"
    )
    def suspend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._move(request, object_id, "suspend", forms.SuspendForm)

    @action(description="恢复", permissions=["distribution.appoint_promoter"], url_path="resume", icon="undo")
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._move(request, object_id, "resume", forms.ResumeForm)

    @action(
        description="设置等级",
        permissions=["distribution.appoint_promoter"],
        url_path="level",
        icon="military_tech",
    )
    def set_level(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Promoter = self.row(request, object_id)

        def set_level(form: forms.LevelChoiceForm) -> str:
            level, by = form.cleaned_data["level"], operator(request)
            promoters.set_level(promoter_id=row.pk, level_id=level.pk, operator=by, at=timezone.now())
            return f"已设为{level.name}。"

        return self.ask(request, forms.LevelChoiceForm, set_level, row=row, heading=str(row))

    @action(description="绑定客户", permissions=["distribution.bind_promoter"], url_path="bind", icon="link")
    def bind(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Promoter = self.row(request, object_id)

        def bind(form: forms.BindForm) -> str:
            bindings.bind_by_hand(
                member_id=member_facts.by_public_id(form.cleaned_data["member"]).pk,
                promoter_id=row.pk,
                note=form.cleaned_data["reason"],
                operator=operator(request),
                at=timezone.now(),
            )
            return "已绑定。"

        return self.ask(request, forms.BindForm, bind, row=row, heading=str(row))

    @action(
        description="解绑客户",
        permissions=["distribution.bind_promoter"],
        url_path="unbind",
        icon="link_off",
    )
    def unbind(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Promoter = self.row(request, object_id)

        def unbind(form: forms.UnbindForm) -> str:
            bindings.unbind(
                member_id=member_facts.by_public_id(form.cleaned_data["member"]).pk,
                promoter_id=row.pk,
                note=form.cleaned_data["reason"],
                operator=operator(request),
                at=timezone.now(),
            )
            return "已解绑。"

        return self.ask(request, forms.UnbindForm, unbind, row=row, heading=str(row))

    def _exported(self, request: HttpRequest, *, as_csv: bool) -> HttpResponseBase:
        audit.record(operator=operator(request), action="导出推客报表", subject="推客", at=timezone.now())
        return sheets.answer(exports.promoters(), name="promoters", as_csv=as_csv)

    def _move(self, request: HttpRequest, object_id: str, move: str, form_class: type) -> HttpResponse:
        row: Promoter = self.row(request, object_id)

        def act(form: Any) -> str:
            note = form.cleaned_data.get("reason", "")
            promoters.move(
                promoter_id=row.pk, move=move, note=note, operator=operator(request), at=timezone.now()
            )
            return f"已{MOVE_LABELS[move]}。"

        return self.ask(request, form_class, act, row=row, heading=str(row))


@admin.register(Bond)
class BondAdmin(ReadOnlyAdmin):
    """Who is whose customer now."""

    list_display = ["member", "promoter", "bound_at", "valid_until", "protected_until"]
    list_filter = ["bound_at"]
    list_select_related = ["member", "promoter__member"]
    found_by = (
        Number("member__public_id"),
        Number("promoter__member__public_id"),
        Number("promoter__code"),
    )
    search_help_text = "客户或推客的会员编号，或推广码"
    linked_by = ["promoter__id__exact", "member__id__exact"]
    fields = [("member", "promoter"), ("bound_at", "valid_until", "protected_until"), "changes"]
    readonly_fields = ["changes"]

    @admin.display(description="历史")
    def changes(self, row: Bond) -> SafeString:
        """Every change of whose customer the member is, and why."""
        rows = BondChange.objects.filter(member=row.member).select_related("promoter__member").order_by("-id")
        return format_html_join(
            "",
            "<div>{} · {} · {} {}</div>",
            [
                (
                    f"{timezone.localtime(change.at):%Y-%m-%d %H:%M}",
                    change.get_cause_display(),
                    str(change.promoter or "无"),
                    change.note,
                )
                for change in rows[:50]
            ],
        )


@admin.register(BondChange)
class BondChangeAdmin(ReadOnlyAdmin):
    """Every change of a binding, newest first."""

    list_display = ["at", "member", "cause", "promoter", "before", "valid_until", "note", "operator"]
    list_filter = ["cause", "at"]
    list_select_related = ["member", "promoter__member", "before__member", "operator"]
    found_by = (Number("member__public_id"), Number("promoter__member__public_id"))
    search_help_text = "客户或推客的会员编号"
