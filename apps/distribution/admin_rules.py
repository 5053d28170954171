"""What operators set for promoters: rules, levels, rates of goods, material, contests."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from apps.base.admin import EditableAdmin, KeptAdmin, ReadOnlyTabular, yuan_column
from apps.base.forms import MONEY_IN_YUAN
from apps.base.one_row import OneRowAdmin
from apps.distribution import forms
from apps.distribution.models import Contest, Material, PromoterLevel, RateRule, Rules, Winner
from apps.distribution.services import leaderboard, rules
from mall.money import percent


@admin.register(PromoterLevel)
class PromoterLevelAdmin(EditableAdmin):
    """Levels, the lowest first."""

    form = forms.LevelForm
    saves = staticmethod(rules.save_level)
    amount = yuan_column("min_amount_fen", "所需金额")
    list_display = ["name", "rank", "min_orders", "amount", "min_team"]
    formfield_overrides = MONEY_IN_YUAN
    fieldsets = [
        (None, {"fields": [("name", "rank")]}),
        (
            "升级条件（须全部满足，都填 0 表示只能人工设置）",
            {"fields": [("min_orders", "min_amount_fen", "min_team")]},
        ),
        ("佣金", {"fields": [("first_bp", "second_bp")]}),
    ]


@admin.register(Rules)
class RulesAdmin(OneRowAdmin):
    """The rules of promoters."""

    form = forms.RulesForm
    saves = staticmethod(rules.save_rules)
    formfield_overrides = MONEY_IN_YUAN
    fieldsets = [
        ("佣金", {"fields": [("first_bp", "second_bp", "ceiling_bp"), "freeze_days"]}),
        ("加入", {"fields": [("joining", "needs_review"), "join_by_spending_fen"]}),
        ("绑定", {"fields": [("binding_mode", "newcomers_only"), ("valid_days", "protect_days")]}),
        ("素材", {"fields": ["watermark"]}),
        (
            "提现",
            {
                "fields": [
                    ("withdraw_min_fen", "withdraw_max_per_day"),
                    ("review_above_fen", "second_person_above_fen"),
                ]
            },
        ),
    ]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save, and say what is unusual about the rates."""
        super().save_model(request, obj, form, change)
        for warning in rules.warnings_of_rates(obj.first_bp, obj.second_bp):
            self.message_user(request, warning, level=messages.WARNING)


@admin.register(RateRule)
class RateRuleAdmin(EditableAdmin):
    """Rates of products and categories. The most specific holds."""

    form = forms.RateForm
    list_display = ["goods", "level_told", "first", "second"]
    list_filter = ["level"]
    list_select_related = ["product", "category", "level"]
    search_fields = ["product__title", "category__name"]
    search_help_text = "商品或类目"
    fieldsets = [
        (
            None,
            {
                "fields": [("product", "category"), "level", ("first_bp", "second_bp")],
                "description": "商品比例优先于类目，下级类目优先于上级；同一商品或类目，指定等级的优先。"
                "都没有时按推客等级的比例，再按推客规则。",
            },
        )
    ]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save, and say what is unusual about the rate, and which goods it leaves below the price floor."""
        at = timezone.now()
        rules.save_rate(obj, at=at)
        for warning in rules.warnings_of_rate(obj, at=at):
            self.message_user(request, warning, level=messages.WARNING)

    @admin.display(description="商品或类目")
    def goods(self, row: RateRule) -> str:
        return f"商品：{row.product}" if row.product else f"类目：{row.category}"

    @admin.display(description="推客等级", ordering="level")
    def level_told(self, row: RateRule) -> str:
        return str(row.level or "所有等级")

    @admin.display(description="一级", ordering="first_bp")
    def first(self, row: RateRule) -> str:
        return percent(row.first_bp)

    @admin.display(description="二级", ordering="second_bp")
    def second(self, row: RateRule) -> str:
        return percent(row.second_bp)


@admin.register(Material)
class MaterialAdmin(EditableAdmin):
    """What promoters may take."""

    form = forms.MaterialForm
    saves = staticmethod(rules.save_material)
    list_display = ["title", "product", "position", "enabled"]
    list_filter = ["enabled"]
    list_select_related = ["product"]
    search_fields = ["title", "product__title"]
    search_help_text = "标题或商品"
    autocomplete_fields: ClassVar[list[str]] = ["product"]


class WinnerInline(ReadOnlyTabular):
    model = Winner
    verbose_name_plural = "获奖名单"
    fields = ["place", "promoter", "orders", "brought", "won"]
    readonly_fields = fields
    brought = yuan_column("amount_fen", "推广金额")
    won = yuan_column("reward_fen", "奖励")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Winner]:
        return super().get_queryset(request).select_related("promoter__member")


@admin.register(Contest)
class ContestAdmin(KeptAdmin):
    """Leaderboards with rewards."""

    form = forms.ContestForm
    list_display = ["title", "starts_at", "ends_at", "wait_days", "enabled", "rewarded_at"]
    readonly_fields = ["rewarded_at", "won"]
    inlines = [WinnerInline]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """The prizes are typed, or told where nothing can be typed (any more)."""
        typed = self.has_add_permission(request) if obj is None else self.has_change_permission(request, obj)
        prizes = "prizes" if typed else "won"
        return ["title", ("starts_at", "ends_at"), ("wait_days", "enabled"), prizes, "rewarded_at"]

    @admin.display(description="奖励")
    def won(self, row: Contest) -> SafeString:
        lines = forms.PrizesField().prepare_value(leaderboard.prizes_of(row)).splitlines()
        return format_html_join(mark_safe("<br>"), "{}", ((f"第 {line} 元",) for line in lines))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was rewarded stays as it was."""
        return super().has_change_permission(request, obj) and (obj is None or obj.rewarded_at is None)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The service writes the row and its prizes."""
        leaderboard.save_contest(obj, prizes=form.cleaned_data["prizes"])
