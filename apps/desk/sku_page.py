"""The operators' list of SKUs: the catalogue's own, with what may still be ordered of each, and those that run short."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet
from django.http import HttpRequest

from apps.catalog.admin import SkuPage
from apps.catalog.models import Sku
from apps.inventory import selectors as stock_facts


class ScarcityFilter(admin.SimpleListFilter):
    """SKUs on sale of which few or no units may still be ordered: those that the first page counts."""

    title = "库存紧张程度"
    parameter_name = "scarcity"
    _AT_MOST = {"none": 0, "low": stock_facts.LOW}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("none", "在售，已售罄"), ("low", f"在售，可售 {stock_facts.LOW} 件以内")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        limit = self._AT_MOST.get(self.value() or "")
        if limit is None:
            return queryset
        return queryset.filter(pk__in=stock_facts.scarce_skus(at_most=limit).order_by().values("pk"))


@admin.register(Sku)
class SkuAdmin(SkuPage):
    """SKUs, with their stock for who may see stock."""

    def get_list_display(self, request: HttpRequest) -> list[str]:
        columns = list(super().get_list_display(request))
        return [*columns, "free"] if self.may_see_stock(request) else columns

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        filters = list(super().get_list_filter(request))
        return [*filters, ScarcityFilter] if self.may_see_stock(request) else filters

    def get_queryset(self, request: HttpRequest) -> QuerySet[Sku]:
        return super().get_queryset(request).annotate(free_units_now=stock_facts.free_of_sku(OuterRef("pk")))

    @admin.display(description="可售库存", ordering="free_units_now")
    def free(self, row: Sku) -> int:
        return int(row.free_units_now)  # type: ignore[attr-defined]  # annotated above

    def may_see_stock(self, request: HttpRequest) -> bool:
        return request.user.has_perm("inventory.view_stock")
