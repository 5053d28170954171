"""Differences for operators: what both sides say, what the shop knows of the number, and what is done about the money."""

from __future__ import annotations

from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action
from unfold.enums import ActionVariant

from apps.base.admin import ReadOnlyAdmin, ReadOnlyTabular, chip, link, yuan_column
from apps.base.asking import operator
from apps.base.seeking import Whole
from apps.books import case_selectors as case_facts
from apps.books import finding, forms, wording
from apps.books.models import Case, Remedy
from apps.books.services import cases, remedies
from apps.books.states import ASKABLE, Account, CaseKind, CaseStatus, RemedyWay
from mall.money import priced

_COLOURS: Final = {
    CaseStatus.OPEN: "danger",
    CaseStatus.EXPLAINED: "success",
    CaseStatus.GONE: "success",
    CaseStatus.RETURNED: "success",
    CaseStatus.BOOKED: "success",
}
_RIGHT_TO: Final = {
    RemedyWay.REFUND: "books.refund_case",
    RemedyWay.BOOK: "books.book_case",
    RemedyWay.UNBOOK: "books.book_case",
}


class RemedyInline(ReadOnlyTabular):
    """What was asked for about its money, by whom, and how it was answered."""

    model = Remedy
    verbose_name_plural = "处理经过"
    fields = [
        "way",
        "amount",
        "to",
        "reason",
        "asked_by",
        "asked_at",
        "second",
        "answered_at",
        "outcome",
    ]
    readonly_fields = fields

    @admin.display(description="金额")
    def amount(self, row: Remedy) -> str:
        return priced(abs(row.amount_fen))

    @admin.display(description="去向")
    def to(self, row: Remedy) -> SafeString | str:
        """The refund by its number, or the account with the side on which it stands."""
        if row.refund_no:
            page = f"{reverse('admin:payments_refund_changelist')}?{urlencode({'q': row.refund_no})}"
            return link(page, row.refund_no)
        return _side(row) if row.account else "—"

    @admin.display(description="复核人")
    def second(self, row: Remedy) -> str:
        return str(row.answered_by or "—") if row.takes_two else "无需复核"

    @admin.display(description="结果")
    def outcome(self, row: Remedy) -> SafeString:
        if row.granted is None:
            return chip("待复核", "warning")
        return chip("已执行", "success") if row.granted else chip("已驳回", "danger")


class WaitingFilter(admin.SimpleListFilter):
    """Differences about which something waits for its second person."""

    title = "复核"
    parameter_name = "remedy"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("waiting", "等待复核")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        if self.value() != "waiting":
            return queryset
        return queryset.filter(pk__in=Remedy.objects.filter(answered_at=None).values("case"))


@admin.register(Case)
class CaseAdmin(ReadOnlyAdmin):
    """Differences, with what both sides say; open ones wait here."""

    wechat = yuan_column("wechat_fen", "微信金额")
    shop = yuan_column("shop_fen", "商城金额")
    list_display = ["day", "kind", "number", "wechat", "shop", "standing", "grounds"]
    list_filter = ["status", "kind", WaitingFilter, "day"]
    found_by = (Whole("number", beside={"kind": CaseKind.values.copy}),)
    search_help_text = "完整的单号"
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("day", "kind", "standing"),
                    ("number", "wechat", "shop"),
                    "grounds",
                    ("opened_at", "closed_at"),
                    ("operator", "note"),
                ]
            },
        ),
        ("商城里的相关单据", {"fields": ["found"]}),
    ]
    readonly_fields = ["standing", "wechat", "shop", "grounds", "found"]
    list_select_related = ["operator"]
    inlines = [RemedyInline]
    actions_detail = ["ask_wechat", "refund", "book", "unbook", "grant", "refuse", "explain"]

    def usable(self, row: Case) -> list[str]:
        """What waits is answered; what is open is asked about, given back, booked or explained."""
        waiting = case_facts.waiting(row)
        if waiting is not None:
            return ["grant", "refuse"]
        found = []
        returnable = case_facts.returnable(row)
        if returnable is not None and returnable.left_fen:
            found.append("refund")
        if row.status == CaseStatus.BOOKED:
            found.append("unbook")
        if row.status == CaseStatus.OPEN:
            found += ["ask_wechat"] if row.kind in ASKABLE else []
            found += ["book"] if case_facts.bookable(row) and not case_facts.booked(row) else []
            found.append("explain")
        return found

    def has_remedy_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whether the operator may confirm refunds or bookings, in one way or another."""
        return any(operator(request).has_perm(right) for right in _RIGHT_TO.values())

    @admin.display(description="状态", ordering="status")
    def standing(self, row: Case) -> SafeString:
        return chip(row.get_status_display(), _COLOURS[CaseStatus(row.status)])

    @admin.display(description="依据", ordering="evidence")
    def grounds(self, row: Case) -> str:
        return wording.evidence(row.evidence)

    @admin.display(description="按单号与金额查找")
    def found(self, row: Case) -> SafeString:
        """What the shop knows of the number, and what has the same amount on the same day; nothing is matched by itself."""
        return render_to_string("admin/books/found.html", {"groups": finding.found(row)})

    @action(
        description="向微信查询",
        permissions=["books.settle_case"],
        url_path="ask-wechat",
        icon="travel_explore",
    )
    def ask_wechat(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Case = self.row(request, object_id)

        def ask(_: forms.AskWechatForm) -> str:
            case = cases.ask_wechat(case_id=row.pk, operator=operator(request), at=timezone.now())
            return "双方已一致，自动结案。" if case.status == CaseStatus.GONE else "已查询，仍不一致。"

        return self.ask(request, forms.AskWechatForm, ask, row=row, heading=row.number, outside=True)

    @action(
        description="原路退款",
        permissions=["books.refund_case"],
        url_path="refund",
        icon="undo",
    )
    def refund(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Case = self.row(request, object_id)
        left = case_facts.returnable(row)

        def ask(form: forms.ReturnForm) -> str:
            asked = form.cleaned_data
            remedies.ask_refund(
                case_id=row.pk,
                amount_fen=asked["amount_fen"],
                reason=asked["reason"],
                operator=operator(request),
                at=timezone.now(),
            )
            return "已提交退款申请，须由另一位同事复核后才会退款。"

        left_fen = left.left_fen if left is not None else 0
        form = partial(forms.ReturnForm, left_fen=left_fen)
        facts = [*_facts(row), ("可退金额", priced(left_fen))]
        return self.ask(request, form, ask, row=row, heading=str(row), facts=facts)

    @action(description="入账", permissions=["books.book_case"], url_path="book", icon="menu_book")
    def book(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Case = self.row(request, object_id)
        found = case_facts.bookable(row)

        def book(form: forms.BookForm) -> str:
            made = remedies.ask_booking(
                case_id=row.pk,
                account=form.cleaned_data["account"],
                reason=form.cleaned_data["reason"],
                operator=operator(request),
                at=timezone.now(),
            )
            return _told(made, done="已入账，会计凭证稍后生成。")

        facts = [*_facts(row), *([("入账金额", priced(abs(found.amount_fen)))] if found else [])]
        form = partial(forms.BookForm, accounts=found.accounts if found else ())
        return self.ask(request, form, book, row=row, heading=str(row), facts=facts)

    @action(
        description="冲销入账",
        permissions=["books.book_case"],
        url_path="unbook",
        icon="history",
        variant=ActionVariant.DANGER,
    )
    def unbook(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Case = self.row(request, object_id)
        made = case_facts.booked(row)

        def unbook(form: forms.UnbookForm) -> str:
            back = remedies.ask_unbooking(
                case_id=row.pk,
                reason=form.cleaned_data["reason"],
                operator=operator(request),
                at=timezone.now(),
            )
            return _told(back, done="已冲销，差异重新待处理。")

        facts = _remedy_facts(made) if made is not None else []
        return self.ask(request, forms.UnbookForm, unbook, row=row, heading=str(row), facts=facts)

    @action(description="复核同意", permissions=["remedy"], url_path="grant", icon="done_all")
    def grant(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Case = self.row(request, object_id)
        waiting = _waiting_for(request, row)

        def grant(_: forms.GrantForm) -> str:
            done = remedies.grant(case_id=row.pk, operator=operator(request), at=timezone.now())
            if done.refund_no:
                return f"已发起原路退款，退款单 {done.refund_no}，到账后状态自动更新。"
            return f"{done.get_way_display()}已执行，会计凭证稍后生成。"

        return self.ask(
            request,
            forms.GrantForm,
            grant,
            row=row,
            heading=str(row),
            facts=[*_facts(row), *(_remedy_facts(waiting) if waiting else [])],
            seen=str(waiting.pk) if waiting else "none",
            outside=True,  # WeChat is asked about a payment before it goes back
        )

    @action(description="驳回或撤回", permissions=["remedy"], url_path="refuse", icon="block")
    def refuse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Case = self.row(request, object_id)
        waiting = _waiting_for(request, row)

        def refuse(_: forms.RefuseForm) -> str:
            remedies.refuse(case_id=row.pk, operator=operator(request), at=timezone.now())
            return "申请已驳回或撤回，差异保持原状。"

        return self.ask(
            request,
            forms.RefuseForm,
            refuse,
            row=row,
            heading=str(row),
            facts=_remedy_facts(waiting) if waiting else [],
            seen=str(waiting.pk) if waiting else "none",
        )

    @action(description="说明并结案", permissions=["books.settle_case"], url_path="explain", icon="edit_note")
    def explain(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Case = self.row(request, object_id)

        def explain(form: forms.ExplainForm) -> str:
            note = form.cleaned_data["note"]
            cases.explain(case_id=row.pk, note=note, operator=operator(request), at=timezone.now())
            return "已结案。"

        return self.ask(request, forms.ExplainForm, explain, row=row, heading=str(row), facts=_facts(row))


def _waiting_for(request: HttpRequest, row: Case) -> Remedy | None:
    """What waits for an answer. Raises PermissionDenied where the operator may not answer what is asked this way."""
    waiting = case_facts.waiting(row)
    if waiting is not None and not operator(request).has_perm(_RIGHT_TO[RemedyWay(waiting.way)]):
        raise PermissionDenied
    return waiting


def _told(made: Remedy, *, done: str) -> str:
    return done if made.granted else "金额超过双人复核起点，须由另一位同事复核后才会入账。"


def _side(row: Remedy) -> str:
    side = "贷" if row.amount_fen > 0 else "借"
    return f"{side}：{row.account} {Account(row.account).label}"


def _facts(row: Case) -> list[tuple[str, str]]:
    sides = (("微信金额", row.wechat_fen), ("商城金额", row.shop_fen))
    amounts = [(label, priced(fen)) for label, fen in sides if fen is not None]
    return [*amounts, ("依据", wording.evidence(row.evidence))]


def _remedy_facts(row: Remedy) -> list[tuple[str, str]]:
    told = [("方式", str(row.get_way_display())), ("处理金额", priced(abs(row.amount_fen)))]
    if row.account:
        told.append(("科目", _side(row)))
    return [*told, ("原因", row.reason), ("申请人", str(row.asked_by))]
