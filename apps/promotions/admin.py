"""Promotions for operators: each offer in a sentence, a form that explains itself."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from apps.base.admin import EditableAdmin, yuan_column
from apps.promotions import selectors, terms, wording
from apps.promotions.forms import LevelPriceForm, PromotionForm
from apps.promotions.models import LevelPrice, Promotion
from mall.errors import ShopError


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


@admin.register(Promotion)
class PromotionAdmin(EditableAdmin):
    """Timed offers to everyone. They are switched off, never deleted: the prices of old orders name them."""

    form = PromotionForm
    list_display = ["label", "kind", "sentence", "scope", "starts_at", "ends_at", "state"]
    list_filter = [RunningFilter, "kind"]
    search_fields = ["label"]
    readonly_fields = ["sentence"]
    autocomplete_fields = ["products", "categories", "brands"]
    fieldsets = [
        (None, {"fields": ["kind", "label", "sentence", "enabled", "starts_at", "ends_at"]}),
        (
            "优惠",
            {"fields": ["by_pieces", "steps", "off_bp", "cap_fen", "threshold_fen", "regions", "combines"]},
        ),
        ("适用范围", {"fields": ["scope", "products", "categories", "brands"]}),
    ]
    conditional_fields = {
        "steps": "kind == 'STEPPED'",
        "by_pieces": "kind == 'STEPPED'",
        "off_bp": "kind == 'PERCENT'",
        "cap_fen": "kind == 'PERCENT'",
        "threshold_fen": "kind == 'FREE_POSTAGE'",
        "regions": "kind == 'FREE_POSTAGE'",
        "products": "scope == 'PRODUCTS'",
        "categories": "scope == 'CATEGORIES'",
        "brands": "scope == 'BRANDS'",
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Promotion]:
        return selectors.with_scope_ids(super().get_queryset(request))

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.display(description="优惠内容")
    def sentence(self, row: Promotion) -> str:
        """The offer in words, or why this row makes none."""
        if row.pk is None:
            return "保存后显示"
        try:
            made = terms.offer(selectors.terms_of(row), at=timezone.now())
        except ShopError as refusal:
            return f"设置有误，未生效：{refusal.text}"
        return wording.sentence(made) if made else "已涨回原价"

    @admin.display(description="状态")
    def state(self, row: Promotion) -> str:
        """Where this moment lies in the window ``[starts_at, ends_at)``."""
        at = timezone.now()
        if not row.enabled:
            return "已停用"
        if at < row.starts_at:
            return "未开始"
        return "进行中" if at < row.ends_at else "已结束"


@admin.register(LevelPrice)
class LevelPriceAdmin(EditableAdmin):
    """A level's own prices; they go before the level's discount."""

    form = LevelPriceForm
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
        return f"¥{wording.short_yuan(row.sku.price_fen)}"
