"""How members stand as customers, for operators: each member's class, the rules, and what each night found."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from apps.audiences import drawing, forms
from apps.audiences import selectors as audience_facts
from apps.audiences import services as audiences
from apps.audiences.models import Reckoning, Rfm, RfmRules
from apps.audiences.states import EXPLAINED, Standing
from apps.base.admin import ReadOnlyAdmin, yuan_column
from apps.base.finding import Number
from apps.base.one_row import OneRowAdmin
from mall.money import yuan


@admin.register(Rfm)
class RfmAdmin(ReadOnlyAdmin):
    """Each member's class with its figures."""

    spent = yuan_column("spent_fen", "消费金额")
    list_display = ["member", "standing", "scores", "last_paid_at", "orders", "spent", "since"]
    list_filter = ["standing"]
    list_select_related = ["member"]
    found_by = (Number("member__public_id"),)
    search_help_text = "会员编号"
    linked_by = ["member__id__exact"]
    fields = [
        ("member", "standing", "scores", "since"),
        "why",
        ("first_paid_at", "last_paid_at"),
        ("orders", "spent", "orders_ever"),
        "reckoned_at",
    ]
    readonly_fields = ["scores", "why", "spent"]

    @admin.display(description="R · F · M")
    def scores(self, row: Rfm) -> str:
        return f"{row.r} · {row.f} · {row.m}" if row.r else "—"

    @admin.display(description="说明")
    def why(self, row: Rfm) -> str:
        return EXPLAINED[row.standing]


@admin.register(RfmRules)
class RfmRulesAdmin(OneRowAdmin):
    """How buying is scored; what is saved holds from the next night on."""

    form = forms.RfmRulesForm
    fields = ["borders", ("window_days", "new_days"), "own_days", "own_orders", "own_money_fen"]
    saves = staticmethod(audiences.save_rules)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row, or what holds without one."""
        found = super().get_object(request, object_id, from_field)
        return audience_facts.rules() if found is not None and found._state.adding else found


@admin.register(Reckoning)
class ReckoningAdmin(ReadOnlyAdmin):
    """What each night found: the borders, and how many members stood in each class."""

    list_display = ["day", "borders", *(f"in_{standing.lower()}" for standing in Standing.values)]
    fields = [
        "day",
        ("borders", "window_days", "new_days"),
        "borders_shown",
        "classes",
        "drawn",
        "seen_until",
    ]
    readonly_fields = ["borders_shown", "classes", "drawn"]

    @admin.display(description="分数界线")
    def borders_shown(self, row: Reckoning) -> SafeString:
        days = "、".join(str(day) for day in row.days)
        orders = "、".join(str(number) for number in row.orders)
        money = "、".join(yuan(fen) for fen in row.money_fen)
        lines = (
            (f"R：距上次付款不超过 {days} 天，依次得 5、4、3、2 分，更久得 1 分",),
            (f"F：消费达到 {orders} 次，依次得 2、3、4、5 分",),
            (f"M：消费达到 {money} 元，依次得 2、3、4、5 分",),
        )
        return format_html_join(mark_safe("<br>"), "{}", lines)

    @admin.display(description="各层人数")
    def classes(self, row: Reckoning) -> SafeString:
        rows = (
            (Standing(name).label, f"{row.sizes.get(name, 0):,}", EXPLAINED[name]) for name in Standing.values
        )
        return format_html_join(mark_safe("<br>"), "{} {} 人：{}", rows)

    @admin.display(description="走势")
    def drawn(self, row: Reckoning) -> SafeString | str:
        nights = [night for night in audience_facts.reckonings() if night.day <= row.day]
        lines = {
            str(Standing(name).label): [night.sizes.get(name, 0) for night in nights]
            for name in Standing.values
            if name != Standing.NEVER
        }
        return drawing.curves([night.day for night in nights], lines, told="各层人数走势")


def _column(standing: str) -> Any:
    @admin.display(description=str(Standing(standing).label))
    def number(self: ReckoningAdmin, row: Reckoning) -> str:
        return f"{row.sizes.get(standing, 0):,}"

    return number


for _standing in Standing.values:
    setattr(ReckoningAdmin, f"in_{_standing.lower()}", _column(_standing))
