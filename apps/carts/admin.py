"""What members like and wait for, for operators: which goods are wanted, who waits, and the rules of telling them."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from apps.base.admin import ReadOnlyAdmin, chip, yuan_column
from apps.base.finding import Number
from apps.base.one_row import OneRowAdmin
from apps.base.seeking import Part
from apps.carts import forms
from apps.carts.models import Favorite, StockWish, WishRules
from apps.carts.services import ruling
from mall.money import priced


@admin.register(WishRules)
class WishRulesAdmin(OneRowAdmin):
    """One row of rules."""

    form = forms.WishRulesForm
    saves = staticmethod(ruling.save)
    fieldsets = [
        ("收藏降价", {"fields": ["drop_bp"]}),
        ("到货提醒", {"fields": [("told_per_unit", "pause_minutes")]}),
    ]


@admin.register(Favorite)
class FavoriteAdmin(ReadOnlyAdmin):
    """Who likes what, and at which price it was put there."""

    list_display = ["product", "member", "then", "now", "falls", "fell_at", "added_at"]
    list_filter = ["added_at"]
    list_select_related = ["product", "member"]
    found_by = (Number("member__public_id"), Part("product__title"))
    search_help_text = "会员编号或商品名称"
    fields = [("product", "member"), ("then", "mark", "now"), ("falls", "fell_at", "added_at")]
    then = yuan_column("price_fen", "收藏时价格")
    mark = yuan_column("mark_fen", "比较价格")

    @admin.display(description="现价", ordering="product__price_fen")
    def now(self, row: Favorite) -> str:
        return priced(row.product.price_fen)


@admin.register(StockWish)
class StockWishAdmin(ReadOnlyAdmin):
    """Who waits for which SKU, and who was told."""

    list_display = ["product", "sku", "member", "state", "asked_at", "told_at"]
    list_filter = [("told_at", admin.EmptyFieldListFilter), "asked_at"]
    list_select_related = ["sku__product", "member"]
    found_by = (Number("member__public_id"), Part("sku__code"), Part("sku__product__title"))
    search_help_text = "会员编号、商家编码或商品名称"
    fields = [("product", "sku"), "member", ("state", "asked_at", "told_at", "rounds")]

    @admin.display(description="商品", ordering="sku__product__title")
    def product(self, row: StockWish) -> str:
        return row.sku.product.title

    @admin.display(description="状态", ordering="told_at")
    def state(self, row: StockWish) -> SafeString:
        return chip("等待到货", "warning") if row.told_at is None else chip("已提醒", "success")
