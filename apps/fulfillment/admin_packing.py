"""Packing options for operators: what shoppers may have their orders wrapped in, for how much."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.safestring import SafeString

from apps.base.admin import KeptAdmin, link, yuan_column
from apps.base.forms import RuledForm, YuanField
from apps.fulfillment.models import PackingOption
from apps.fulfillment.services import packing


class PackingForm(RuledForm):
    """A packing option, its money in yuan."""

    price_fen = YuanField(label="价格（元）", help_text="加在订单金额中，不参与任何优惠")
    cost_fen = YuanField(label="成本（元）", required=False)

    class Meta:
        model = PackingOption
        fields = [
            *("name", "text", "image", "price_fen", "cost_fen"),
            *("message_most", "uses_stock", "active", "position"),
        ]

    def check(self, row: PackingOption) -> None:
        packing.check(row)


@admin.register(PackingOption)
class PackingOptionAdmin(KeptAdmin):
    """What orders may be wrapped in. What is offered no more is switched off, not deleted: orders and stock rest on it."""

    form = PackingForm
    saves = staticmethod(packing.save)
    price = yuan_column("price_fen", "价格")
    list_display = ["name", "price", "card", "uses_stock", "active", "position"]
    list_filter = ["active", "uses_stock"]
    search_fields = ["name"]
    fieldsets = [
        (None, {"fields": ["name", "text", "image"]}),
        ("价格", {"fields": [("price_fen", "cost_fen")]}),
        ("贺卡与库存", {"fields": [("message_most", "uses_stock"), "sku_shown"]}),
        ("展示", {"fields": [("active", "position")]}),
    ]
    readonly_fields = ["sku_shown"]

    @admin.display(description="贺卡", ordering="message_most")
    def card(self, row: PackingOption) -> str:
        return f"最多 {row.message_most} 字" if row.message_most else "无"

    @admin.display(description="库存编码")
    def sku_shown(self, row: PackingOption) -> SafeString | str:
        if row.sku_id is None:
            return "保存后生成"
        return link(reverse("admin:catalog_sku_change", args=[row.sku_id]), row.sku.code)
