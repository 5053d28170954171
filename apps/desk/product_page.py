"""The operators' page of a product: the catalogue's own, with the stock of each SKU, and who holds it unpaid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from apps.base.asking import operator
from apps.base.parts import Parted
from apps.catalog.admin import ProductPage
from apps.catalog.models import Product
from apps.fulfillment.services import templates
from apps.inventory import parts as inventory_parts
from apps.inventory import selectors as stock_facts
from apps.inventory import services as inventory
from apps.inventory.services.counting import MAX_UNITS
from apps.orders import parts as orders


@admin.register(Product)
class ProductAdmin(Parted, ProductPage):
    """Products, continued by the rooms that know more of them."""

    parts = (inventory_parts.STOCK, orders.HOLDERS)

    def get_list_display(self, request: HttpRequest) -> list[str]:
        """The catalogue's columns, with the free units beside the sales for who may see stock."""
        columns = list(super().get_list_display(request))
        if self.may_see_stock(request):
            columns.insert(columns.index("sold_count"), "free")
        return columns

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        return (
            super()
            .get_queryset(request)
            .annotate(free_units_now=stock_facts.free_of_products(OuterRef("pk")))
        )

    @admin.display(description="可售库存", ordering="free_units_now")
    def free(self, row: Product) -> int:
        return int(row.free_units_now)  # type: ignore[attr-defined]  # annotated above

    def may_see_stock(self, request: HttpRequest) -> bool:
        return request.user.has_perm("inventory.view_stock")

    def most_units(self, request: HttpRequest) -> int:
        return MAX_UNITS if request.user.has_perm("inventory.change_stock") else 0

    def free_units(self, product: Product) -> Mapping[int, int]:
        return stock_facts.free_of_product(product.pk)

    def open_stock(self, request: HttpRequest, units: Mapping[int, int]) -> None:
        if not units:
            return
        place = inventory.open_stock(units=units, operator=operator(request), at=timezone.now())
        if place is None:
            told, level = "还没有仓库，库存没有入库：请先在「仓库与门店」新建，再入库。", messages.WARNING
        else:
            told, level = f"{len(units)} 个新 SKU 已入库到「{place.name}」。", messages.SUCCESS
        self.message_user(request, told, level=level)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Say what the SKUs that were saved cost to send, where that may surprise."""
        super().save_related(request, form, formsets, change)
        for warning in templates.weight_warnings(product_ids=[form.instance.pk]):
            self.message_user(request, warning, level=messages.WARNING)
