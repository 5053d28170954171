"""The product page of the operators: the catalogue's own, with what lies where of each SKU."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.catalog.admin import ProductAdmin
from apps.catalog.models import Product
from apps.catalog.rules import described
from apps.inventory.models import Stock

# The catalogue knows no stock; its page of a product is continued here, where both are known.
admin.site.unregister(Product)


@admin.register(Product)
class StockedProductAdmin(ProductAdmin):
    """A product's page with what lies where of each SKU, to read, and the way to where it changes."""

    readonly_fields = [*ProductAdmin.readonly_fields, "stock"]

    def get_fieldsets(self, request: HttpRequest, obj: Product | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or not request.user.has_perm("inventory.view_stock"):
            return fieldsets
        return [*fieldsets, ("库存", {"fields": ["stock"]})]

    @admin.display(description="各仓库存")
    def stock(self, product: Product) -> SafeString:
        rows = Stock.objects.filter(sku__product=product).select_related("sku", "place")
        lines = format_html_join(
            "",
            "<div>{}：{} 可售 {}（现货 {}，占用 {}）</div>",
            (
                (
                    row.place.name,
                    f"{row.sku.code} {described(row.sku.option_values, product.options)}".strip(),
                    row.on_hand - row.held,
                    row.on_hand,
                    row.held,
                )
                for row in rows.order_by("sku_id", "place__priority", "place_id")
            ),
        )
        link = f"{reverse('admin:inventory_stock_changelist')}?sku__product={product.pk}"
        return format_html('{}<a href="{}" class="text-link">入库与盘点调整</a>', lines or "尚无库存", link)
