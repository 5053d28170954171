"""The operators' page of a product: the catalogue's own, with the stock of each SKU, and who holds it unpaid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html

from apps.base.admin import link
from apps.base.asking import operator
from apps.base.parts import Parted
from apps.carts import parts as cart_parts
from apps.catalog.admin import ProductPage
from apps.catalog.models import Product
from apps.desk import calendar
from apps.fulfillment.services import templates
from apps.inventory import parts as inventory_parts
from apps.inventory import selectors as stock_facts
from apps.inventory import services as inventory
from apps.inventory.services.counting import MAX_UNITS
from apps.orders import parts as orders

# In how many a product is bought: who changes that changes it for campaigns, too.
_BOUGHT_IN: Final = {"min_quantity", "quantity_step"}


@admin.register(Product)
class ProductAdmin(Parted, ProductPage):
    """Products, continued by the rooms that know more of them."""

    parts = (inventory_parts.STOCK, orders.HOLDERS, cart_parts.WANTED)

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
        """Say what the SKUs that were saved cost to send, where that may surprise, and whose campaigns are concerned."""
        super().save_related(request, form, formsets, change)
        if change and _BOUGHT_IN & set(form.changed_data):
            self._name_campaigns(request, form.instance)
        for warning in templates.weight_warnings(product_ids=[form.instance.pk]):
            self.message_user(request, warning, level=messages.WARNING)

    def _name_campaigns(self, request: HttpRequest, product: Product) -> None:
        """Activities keep to the quantities as well: say which campaigns sell it, and what of them fits no more."""
        for named, page, misfits in calendar.concerned_by(product_id=product.pk, at=timezone.now()):
            told = f"{named}正在使用此商品，新的起购和倍数对活动订单立即生效"
            if misfits:
                told = f"{named}需要调整：{'；'.join(misfits)}"
            self.message_user(request, format_html("{} {}", told, link(page, "查看")), level=messages.WARNING)
