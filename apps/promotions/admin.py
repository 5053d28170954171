"""Promotions for operators: each offer in a sentence, a form that explains itself, a trial before it goes live."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, Q, QuerySet, Sum
from django.forms import IntegerField
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from apps.base.admin import EditableAdmin, KeptAdmin, yuan_column
from apps.base.asking import AskForm, Done, operator
from apps.catalog import scopes
from apps.promotions import admin_around, ladders, terms, wording
from apps.promotions import selectors as promotion_facts
from apps.promotions import services as promotions
from apps.promotions.forms import PromotionForm
from apps.promotions.models import LevelPrice, Promotion, Usage
from apps.promotions.price_forms import LevelPriceForm
from mall import money
from mall.errors import ShopError

# Pages of their own module, which admin finds through this one.
__all__ = ["LevelPriceAdmin", "PromotionPage", "admin_around"]


class RunningFilter(admin.SimpleListFilter):
    """Promotions by where this moment lies in their windows."""

    title = "状态"
    parameter_name = "running"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("now", "进行中"), ("later", "未开始"), ("over", "已结束"), ("off", "已停用")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        at = timezone.now()
        chosen = {
            "now": Q(enabled=True, starts_at__lte=at, ends_at__gt=at),
            "later": Q(enabled=True, starts_at__gt=at),
            "over": Q(enabled=True, ends_at__lte=at),
            "off": Q(enabled=False),
        }.get(self.value() or "")
        return queryset if chosen is None else queryset.filter(chosen)


class SimulateForm(AskForm):
    """How far back the orders go on which a promotion is tried."""

    title = "模拟"
    explanation = "在过去的订单上试算此活动，在后台进行。"

    days = IntegerField(
        label="最近多少天的订单",
        min_value=1,
        max_value=90,
        initial=30,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="把这些天内已付款的全部订单，按付款先后用现有促销加上此活动重新计价；"
        "此活动的次数限制从头计起，赠品以现有库存为限。不改动任何订单",
    )


def _when(*kinds: str) -> str:
    return " || ".join(f"kind == '{kind}'" for kind in kinds)


class PromotionPage(KeptAdmin):
    """Timed offers to everyone. They are switched off, never deleted: the prices of old orders name them.

    The desk registers it (``apps.desk.promotion_page``), because promotions do not see the stock.
    """

    form = PromotionForm
    list_display = ["label", "kind", "sentence", "meant", "campaign", "starts_at", "ends_at", "state"]
    list_filter = [RunningFilter, "kind", "campaign", "group"]
    list_select_related = ["campaign", "group"]
    search_fields = ["label"]
    readonly_fields = ["sentence", "used"]
    autocomplete_fields = [*scopes.NAMING]
    fieldsets = [
        (None, {"fields": ["kind", "label", "sentence", "enabled", "starts_at", "ends_at"]}),
        ("日期与会员", {"fields": ["campaign", "member_day", "group"]}),
        (
            "优惠",
            {
                "fields": [
                    *("by_pieces", "steps", "ladder", "gifts", "bundle", "off_bp", "same_sku", "off_fen"),
                    *("pieces", "price_fen", "cap_fen", "rise_bp", "rise_hours"),
                    *("threshold_fen", "regions", "combines", "excludes"),
                ]
            },
        ),
        ("适用范围", {"fields": ["scope", *scopes.NAMING]}),
        (
            "次数限制",
            {
                "fields": [
                    ("limit_total", "limit_per_day"),
                    ("limit_per_member", "limit_per_member_day"),
                    "used",
                ]
            },
        ),
    ]
    conditional_fields = {
        "steps": _when("STEPPED"),
        "ladder": _when("STEP_PRICE"),
        "gifts": _when("GIFT"),
        "bundle": _when("BUNDLE"),
        "by_pieces": _when("STEPPED", "GIFT"),
        "off_bp": _when("PERCENT", "SECOND_HALF"),
        "same_sku": _when("SECOND_HALF"),
        "off_fen": _when("FIXED"),
        "pieces": _when("N_FOR_M"),
        "price_fen": _when("FIXED", "BUNDLE", "N_FOR_M"),
        "cap_fen": _when("PERCENT", "FIXED"),
        "rise_bp": _when("STEP_PRICE"),
        "rise_hours": _when("STEP_PRICE"),
        "threshold_fen": _when("FREE_POSTAGE"),
        "regions": _when("FREE_POSTAGE"),
        "excludes": "combines == true",
        **scopes.SHOWN_WHEN,
    }
    actions_detail = ["simulate"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Promotion]:
        rows = super().get_queryset(request).prefetch_related(*scopes.NAMING)
        return promotion_facts.with_scope_ids(rows)

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """The service writes the row and all that belongs to it."""
        saved = promotions.save(form.draft, operator=operator(request), at=timezone.now(), stock=form.stock)
        obj.pk, obj._state.adding = saved.promotion.pk, False
        for warning in saved.warnings:
            self.message_user(request, warning, level=messages.WARNING)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nothing: the goods are written with the row."""

    @action(
        description="模拟",
        url_path="simulate",
        permissions=["promotions.change_promotion"],
        icon="query_stats",
    )
    def simulate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        promotion: Promotion = self.row(request, object_id)

        def begin(form: SimulateForm) -> Done:
            run = promotions.request_simulation(
                promotion_id=promotion.pk,
                days=form.cleaned_data["days"],
                operator=operator(request),
                at=timezone.now(),
            )
            page = reverse("admin:promotions_simulationrun_change", args=[run.pk])
            return Done("已开始模拟，刷新此页查看进度", then=page)

        return self.ask(request, SimulateForm, begin, row=promotion, heading=promotion.label)

    @admin.display(description="优惠内容")
    def sentence(self, row: Promotion) -> str:
        """The offer in words, or why this row makes none."""
        if row.pk is None:
            return "保存后显示"
        try:
            made = terms.offer(promotion_facts.terms_of(row), at=timezone.now())
        except ShopError as refusal:
            return f"设置有误，未生效：{refusal.text}"
        parts = [wording.sentence(made), wording.combination(made)] if made else ["已涨回原价"]
        parts += [f"仅限「{row.group}」会员"] if row.group else []
        if row.kind == Promotion.Kind.STEP_PRICE:
            whole = ladders.ladder(row.steps, rise_bp=row.rise_bp, rise_hours=row.rise_hours)
            parts = [wording.ladder(whole), f"现在{parts[0]}", *parts[1:]]
        return "；".join(filter(None, parts))

    @admin.display(description="适用范围", ordering="scope")
    def meant(self, row: Promotion) -> str:
        """The goods by name, the first three of many."""
        return scopes.told(row, most=3)

    @admin.display(description="使用情况")
    def used(self, row: Promotion) -> str:
        """How often it is in use, and what it has taken off."""
        if row.pk is None:
            return "—"
        sums = Usage.objects.filter(promotion=row).aggregate(uses=Sum("uses"), off_fen=Sum("amount_fen"))
        # Noting a payment changes neither, so the sums are what holds and releases leave.
        return f"{sums['uses'] or 0} 单，共优惠 {money.priced(sums['off_fen'] or 0)}"

    @admin.display(description="状态")
    def state(self, row: Promotion) -> str:
        """Where this moment lies in the window ``[starts_at, ends_at)``."""
        at = timezone.now()
        if not row.enabled:
            return "已停用"
        if at < row.starts_at:
            preheat_at = row.campaign.preheat_at if row.campaign else None
            return "预热中" if preheat_at and preheat_at <= at else "未开始"
        return "进行中" if at < row.ends_at else "已结束"


@admin.register(LevelPrice)
class LevelPriceAdmin(EditableAdmin):
    """A level's own prices; they go before the level's discount."""

    form = LevelPriceForm
    saves = staticmethod(promotions.save_level_price)
    list_display = ["product", "code", "level", "member_price", "price"]
    list_filter = ["level"]
    list_select_related = ["sku__product", "level"]
    search_fields = ["sku__code", "sku__product__title"]
    member_price = yuan_column("price_fen", "会员价")

    @admin.display(description="商品", ordering="sku__product__title")
    def product(self, row: LevelPrice) -> str:
        return row.sku.product.title

    @admin.display(description="商家编码", ordering="sku__code")
    def code(self, row: LevelPrice) -> str:
        return row.sku.code

    @admin.display(description="售价")
    def price(self, row: LevelPrice) -> str:
        return money.priced(row.sku.price_fen)
