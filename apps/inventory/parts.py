"""What stock says on the page of a product: what lies where of each SKU, and the way to where it changes."""

from __future__ import annotations

from typing import Final

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.base.parts import Fact, Part
from apps.catalog.models import Product
from apps.catalog.rules import described
from apps.inventory.models import Stock
from apps.stores.admin_bound import EVERYWHERE


def _stock(product: Product) -> SafeString:
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
    return format_html(
        '<div style="max-height:16rem;overflow:auto">{}</div><a href="{}" class="text-link">入库与盘点调整</a>',
        lines or "尚无库存",
        link,
    )


STOCK: Final = Part(
    room="inventory",
    facts=[
        Fact(
            name="stock",
            label="各仓库存",
            under="库存",
            needs="inventory.view_stock",
            also_needs=EVERYWHERE,  # it tells of every place; who works at some finds theirs under 库存
            shown=_stock,
        )
    ],
)
