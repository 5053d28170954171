"""Stock for operators: figures, holds and ledger to read; receiving and correcting by way of the services."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.decorators import action

from apps.base.admin import ReadOnlyAdmin
from apps.base.asking import Done, Preview, operator, rehearsed
from apps.base.seeking import Part, Recent, Through, Whole
from apps.inventory import forms
from apps.inventory import selectors as stock_facts
from apps.inventory import services as inventory
from apps.inventory.models import Hold, Stock, StockEntry
from apps.inventory.selectors import LOW
from apps.stores import selectors as place_facts
from apps.stores.admin_bound import OfPlaces


class ScarcityFilter(admin.SimpleListFilter):
    """Rows of which few or no units are free in their place; what can be ordered of a SKU in all, its own list tells."""

    title = "该仓库或门店的可售"
    parameter_name = "scarcity"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("none", "没有了"), ("low", f"{LOW} 件以内")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        limit = {"none": 0, "low": LOW}.get(self.value() or "")
        return queryset if limit is None else queryset.filter(free__lte=limit)


@admin.register(Stock)
class StockAdmin(OfPlaces, ReadOnlyAdmin):
    """What lies where. The figures change through the pages 入库 and 盘点调整 only."""

    list_display = ["title", "code", "place", "on_hand", "held", "free"]
    list_display_links = ["title"]
    list_filter = [ScarcityFilter, "place"]
    list_select_related = ["sku__product", "place"]
    search_fields = ["sku__code", "sku__product__title"]
    search_help_text = "按商家编码或商品标题查找"
    # A product's page may link to the stock of all its SKUs.
    linked_by = ["sku__product"]
    fields = ["sku", "title", "place", "on_hand", "held", "free"]
    readonly_fields = ["title", "free"]
    actions_list = ["receive_any"]
    actions_row = ["receive", "adjust"]
    actions_detail = ["receive", "adjust"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Stock]:
        return super().get_queryset(request).annotate(free=F("on_hand") - F("held"))

    @admin.display(description="商品", ordering="sku__product__title")
    def title(self, row: Stock) -> str:
        values = " ".join(str(value) for value in row.sku.option_values.values())
        return f"{row.sku.product.title} {values}".strip()

    @admin.display(description="商家编码", ordering="sku__code")
    def code(self, row: Stock) -> str:
        return row.sku.code

    @admin.display(description="可售", ordering="free")
    def free(self, row: Stock) -> int:
        return row.on_hand - row.held

    @action(
        description="入库", permissions=["inventory.change_stock"], url_path="receive-any", icon="add_box"
    )
    def receive_any(self, request: HttpRequest) -> HttpResponse:
        def book(form: forms.CountForm) -> StockEntry:
            typed = form.cleaned_data
            return _receive(request, form, sku_id=typed["code"].pk, place_id=typed["place"].pk)

        mine = place_facts.places_of(operator=request.user)
        return self._count(request, partial(forms.ReceiveAnyForm, mine=mine), book)

    @action(description="入库", permissions=["inventory.change_stock"], url_path="receive", icon="add_box")
    def receive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)

        def book(form: forms.CountForm) -> StockEntry:
            return _receive(request, form, sku_id=row.sku_id, place_id=row.place_id)

        return self._count(request, forms.ReceiveForm, book, row=row)

    @action(
        description="盘点调整", permissions=["inventory.change_stock"], url_path="adjust", icon="inventory"
    )
    def adjust(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)

        def book(form: forms.CountForm) -> StockEntry:
            return inventory.adjust(
                sku_id=row.sku_id,
                place_id=row.place_id,
                change=form.cleaned_data["change"],
                business_key=f"adjust:{form.cleaned_data['token']}",
                reason=form.cleaned_data["reason"],
                operator=operator(request),
                at=timezone.now(),
            )

        def stands() -> list[tuple[str, str]]:
            now = Stock.objects.get(pk=row.pk)
            return [("现货", f"{now.on_hand:,}"), ("可售", f"{self.free(now):,}")]

        def look(form: forms.CountForm) -> Preview:
            typed = form.cleaned_data
            return rehearsed(
                lambda: book(form),
                stands=stands,
                change=f"差额 {typed['change']:+,}",
                reason=typed["reason"],
            )

        return self._count(request, forms.AdjustForm, book, row=row, preview=look)

    def _count(
        self,
        request: HttpRequest,
        form_class: Callable[..., forms.CountForm],
        book: Callable[[forms.CountForm], StockEntry],
        *,
        row: Stock | None = None,
        preview: Callable[[forms.CountForm], Preview] | None = None,
    ) -> HttpResponse:
        """Ask, about a row of the list where there is one."""
        heading = (
            f"{self.title(row)}（{row.sku.code}）· {row.place.name} · "
            f"现货 {row.on_hand}，占用 {row.held}，可售 {self.free(row)}"
            if row
            else ""
        )

        def count(form: forms.CountForm) -> Done:
            entry = book(form)
            return Done(f"{form.title}完成：现货 {entry.on_hand_change:+d}", about=entry.stock)

        return self.ask(
            request,
            form_class,
            count,
            row=row,
            heading=heading,
            preview=preview,
            back=self.list_page(),
        )


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    """What orders hold, have taken and have given back."""

    list_display = ["order_no", "stock_code", "place", "quantity", "restored", "status"]
    list_filter = ["status"]
    list_select_related = ["stock__sku", "stock__place"]
    found_by = (Whole("order_no"), Recent("stock__sku__code"))
    search_help_text = "订单号；商家编码在最近 10 万条里查找"

    @admin.display(description="商家编码", ordering="stock__sku__code")
    def stock_code(self, row: Hold) -> str:
        return row.stock.sku.code

    @admin.display(description="仓库")
    def place(self, row: Hold) -> str:
        return row.stock.place.name


@admin.register(StockEntry)
class StockEntryAdmin(ReadOnlyAdmin):
    """The ledger, newest first: every change of every figure, and who or what caused it."""

    list_display = [
        "at",
        "stock_code",
        "place",
        "kind",
        "on_hand_change",
        "held_change",
        "reason",
        "operator",
        "business_key",
    ]
    list_filter = ["kind", "stock__place"]
    list_select_related = ["stock__sku", "stock__place", "operator"]
    found_by = (
        Through("business_key", owner="stock", whose=stock_facts.held_by, how="startswith"),
        Recent("business_key"),
        Part("stock__sku__code"),
    )
    search_help_text = "按订单号或商家编码查找；其他业务键在最近 10 万条里查找"

    @admin.display(description="商家编码", ordering="stock__sku__code")
    def stock_code(self, row: StockEntry) -> str:
        return row.stock.sku.code

    @admin.display(description="仓库")
    def place(self, row: StockEntry) -> str:
        return row.stock.place.name


def _receive(request: HttpRequest, form: forms.CountForm, *, sku_id: int, place_id: int) -> StockEntry:
    return inventory.receive(
        sku_id=sku_id,
        place_id=place_id,
        quantity=form.cleaned_data["quantity"],
        business_key=f"receive:{form.cleaned_data['token']}",
        reason=form.cleaned_data["reason"],
        operator=operator(request),
        at=timezone.now(),
    )
