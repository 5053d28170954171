"""The product page of the operators: the catalogue's own, with what lies where of each SKU and a word about freight."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.catalog.admin import ProductAdmin
from apps.catalog.models import Product
from apps.catalog.rules import described
from apps.fulfillment.services import templates
from apps.inventory.models import Stock

# The catalogue knows neither stock nor freight; its page of a product is continued here, where both are known.
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

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Say what the SKUs that were saved cost to send, where that may surprise."""
        super().save_related(request, form, formsets, change)
        for warning in templates.weight_warnings(product_ids=[form.instance.pk]):
            self.message_user(request, warning, level=messages.WARNING)

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
