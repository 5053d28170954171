"""The operators' pages of the catalogue: products with SKUs and pictures, the category tree, brands, promises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Case, IntegerField, Max, Min, Q, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from unfold.decorators import action, display
from unfold.views import ChangeList
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from apps.base import audit
from apps.base.admin import EditableAdmin, KeptAdmin, ReadOnlyAdmin, TabularInline, for_chosen, yuan_column
from apps.base.asking import AskForm
from apps.base.audit import Change
from apps.base.worded import text_of
from apps.catalog import detail, grid_forms, rules, search
from apps.catalog import selectors as catalog_facts
from apps.catalog import services as catalog
from apps.catalog.forms import CategoryForm, ProductForm, RealForm, VirtualForm
from apps.catalog.models import Brand, Category, GuaranteeLabel, Product, ProductImage, Sku
from apps.pictures import stored
from mall.errors import ShopError
from mall.money import priced, yuan


class ProductImageInline(TabularInline):
    """Further pictures."""

    model = ProductImage
    fields = ["image", "position"]
    extra = 0
    hide_title = True


class ProductPage(KeptAdmin):
    """Products. On and off sale by action; prices by SKU; sales are counted, never typed.

    None is deleted: stock, orders and carts point to its SKUs. One that is over is taken off sale.
    """

    form = ProductForm
    list_display = ["picture", "title", "category", "prices", "sold_count", "state", "role", "created_at"]
    list_display_links = ["picture", "title"]
    list_filter = ["on_sale", "role", "category", "brand"]
    list_select_related = ["category"]
    search_fields = ["title"]
    search_help_text = "标题、拼音、首字母、品牌、类目，或商家编码"
    inlines = [ProductImageInline]
    actions = ["put_on_sale", "take_off_sale"]
    actions_submit_line = ["save_and_put_on_sale", "save_and_take_off_sale"]
    readonly_fields = ["state", "prices", "sold_count", "preview", "created_at"]
    fieldsets = [
        (None, {"fields": ["title", "subtitle", ("category", "brand"), ("role", "state"), "cover", "video"]}),
        ("规格与 SKU", {"fields": ["grid"]}),
        ("参数与保障", {"fields": ["attributes", "guarantees", ("returns", "freight_insurance")]}),
        ("购买限制", {"fields": [("min_quantity", "max_quantity", "quantity_step")]}),
        ("上架时间", {"fields": ["sale_starts_at", "sale_ends_at"]}),
        ("图文详情", {"fields": ["detail_html", "preview"]}),
        ("统计", {"fields": [("prices", "sold_count", "created_at")]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        live = Q(skus__enabled=True)
        rows = super().get_queryset(request)
        return rows.annotate(
            lowest_fen=Min("skus__price_fen", filter=live), highest_fen=Max("skus__price_fen", filter=live)
        )

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        # A handful of promises is ticked faster than it is moved between two lists.
        return super().formfield_for_manytomany(
            db_field, request, **{**kwargs, "widget": UnfoldAdminCheckboxSelectMultipleWidget()}
        )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the operator edits it here: what orders are wrapped in is edited as a packing."""
        return super().has_change_permission(request, obj) and not (obj is not None and obj.packing)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj is not None and obj.packing)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Product], search_term: str
    ) -> tuple[QuerySet[Product], bool]:
        """Search as shoppers do, or by a SKU's code. What orders are wrapped in has a page of its own."""
        queryset = queryset.filter(packing=False)
        try:
            wanted = search.understood(search_term)
        except ShopError as refusal:
            self.message_user(request, refusal.text, level=messages.WARNING)
            return queryset.none(), False
        if wanted is None:
            return queryset, False
        coded = Sku.objects.filter(code__icontains=search_term.strip()).values("product")
        return queryset.filter(wanted.condition | Q(pk__in=coded)), False

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form, told what this operator may do in the grid."""
        form = super().get_form(request, obj, change, **kwargs)
        form.may_price = self.may_price(request)
        form.most_units = self.most_units(request)
        form.stock = self.free_units if self.may_see_stock(request) else None
        return form

    def may_price(self, request: HttpRequest) -> bool:
        """Whether the operator types prices; the page itself is for who may change products."""
        return request.user.has_perm("catalog.price_product")

    def most_units(self, request: HttpRequest) -> int:
        """How many units of a new SKU may be there at first; 0 where nobody here keeps stock."""
        return 0

    def may_see_stock(self, request: HttpRequest) -> bool:
        """Whether the grid shows how many units are free."""
        return False

    def free_units(self, product: Product) -> Mapping[int, int]:
        """The free units of a product by SKU."""
        return {}

    def open_stock(self, request: HttpRequest, units: Mapping[int, int]) -> None:
        """Book the first units of new SKUs, by their id."""

    @admin.display(description="规格与 SKU")
    def grid(self, row: Product) -> SafeString:
        """The SKUs to read, for who may not change them."""
        lines = (("　".join(cells),) for cells in grid_forms.table(row, None))
        return format_html_join("", "<div>{}</div>", lines) or mark_safe("—")

    def get_urls(self) -> list[URLPattern]:
        """The door for pictures of values and rows, before the admin's own."""
        door = path("picture/", self.admin_site.admin_view(self.hold_picture), name="catalog_product_picture")
        return [door, *super().get_urls()]

    def hold_picture(self, request: HttpRequest) -> HttpResponse:
        """Keep a picture that was just chosen in the grid; it becomes the SKU's when the page is saved."""
        if not (self.has_change_permission(request) or self.has_add_permission(request)):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            return JsonResponse(grid_forms.hold_picture(request.FILES.get("picture")))
        except ValidationError as refusal:
            return JsonResponse({"error": " ".join(refusal.messages)}, status=400)

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:
        """Write the columns of the form only: sales are counted by others at the same time."""
        known = {field.name for field in obj._meta.concrete_fields}
        filled_in = [name for name in form.cleaned_data if name in known]
        catalog.write_product(obj, columns=filled_in if change else None)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        self._save_grid(request, form)
        for remark in form.remarks:
            self.message_user(request, f"图文详情{remark}", level=messages.WARNING)
        catalog.refresh_product(product_id=form.instance.pk)
        # Unfold would do this in save_model, before the SKUs on the page are saved.
        for button in self.get_actions_submit_line(request, form.instance.pk):
            if button.action_name in request.POST:
                button.method(request, form.instance)

    def _save_grid(self, request: HttpRequest, form: Any) -> None:
        grid = form.cleaned_data.get("grid")
        if grid is None:
            return
        known = [line.sku for line in grid.lines if line.sku.pk and line.changed]
        before = audit.values_of(known)
        added = [line.sku for line in grid.lines if line.sku.pk is None]
        removed = [(audit.name_of(sku), "", "删除") for sku in grid.removed]
        catalog.save_skus(
            product=form.instance,
            changes=[(line.sku, line.changed) for line in grid.lines],
            removed=[sku.pk for sku in grid.removed],
        )
        form.grid_changes = [
            *_of_options(form.options_before, grid.options),
            *((audit.name_of(sku), "", f"新增，售价 {priced(sku.price_fen)}") for sku in added),
            *_of_skus(known, before),
            *removed,
        ]
        self.open_stock(request, {line.sku.pk: line.units for line in grid.lines if line.units})

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> list[Any]:
        """For the audit log: the grid cell by cell instead of as one text."""
        whole = form.fields["grid"].label if "grid" in form.fields else None
        found = super().construct_change_message(request, form, formsets, add)
        return [change for change in found if change[0] != whole] + getattr(form, "grid_changes", [])

    @for_chosen(description="上架", permission="catalog.change_product")
    def put_on_sale(self, request: HttpRequest, chosen: QuerySet[Product]) -> None:
        count = catalog.put_on_sale(product_ids=_ids(chosen))
        self.message_user(request, f"已上架 {count} 件商品。")

    @for_chosen(description="下架", permission="catalog.change_product")
    def take_off_sale(self, request: HttpRequest, chosen: QuerySet[Product]) -> None:
        count = catalog.take_off_sale(product_ids=_ids(chosen))
        self.message_user(request, f"已下架 {count} 件商品。")

    @action(description="保存并上架", permissions=["catalog.change_product"])
    def save_and_put_on_sale(self, request: HttpRequest, saved: Product) -> None:
        self.put_on_sale(request, Product.objects.filter(pk=saved.pk))

    @action(description="保存并下架", permissions=["catalog.change_product"])
    def save_and_take_off_sale(self, request: HttpRequest, saved: Product) -> None:
        self.take_off_sale(request, Product.objects.filter(pk=saved.pk))

    @admin.display(description="主图")
    def picture(self, row: Product) -> SafeString:
        return _thumbnail(row.cover)

    @admin.display(description="售价", ordering="price_fen")
    def prices(self, row: Product) -> str:
        lowest, highest = getattr(row, "lowest_fen", None), getattr(row, "highest_fen", None)
        if lowest is None or highest is None:
            return "—"
        return priced(lowest) if lowest == highest else f"{priced(lowest)} – {yuan(highest)}"

    @display(
        description="状态",
        ordering="on_sale",
        label={"在售": "success", "未到上架时间": "info", "已过下架时间": "warning", "已下架": "danger"},
    )
    def state(self, row: Product) -> str:
        """Whether shoppers see it now, and if not, why."""
        at = timezone.now()
        if not row.on_sale:
            return "已下架"
        if row.sale_starts_at and row.sale_starts_at > at:
            return "未到上架时间"
        if row.sale_ends_at and row.sale_ends_at <= at:
            return "已过下架时间"
        return "在售"

    @admin.display(description="预览")
    def preview(self, row: Product) -> SafeString:
        # Cleaned again on the way out: what is marked safe here must not rest on what a row happens to hold.
        page = mark_safe(detail.sanitised(row.detail_html))  # noqa: S308
        return format_html('<div style="max-height:28rem;max-width:24rem;overflow:auto">{}</div>', page)


class TreeList(ChangeList):
    """A list in the order of the tree, whatever column is asked for: indentation means nothing in another."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[str]:
        return ["place", "pk"]


class SkuPage(ReadOnlyAdmin):
    """SKUs to find and to choose, by code, title or option value; they are edited with their product."""

    list_display = ["code", "product", "options", "price", "virtual", "enabled"]
    list_filter = ["enabled", "virtual"]
    list_select_related = ["product"]
    search_fields = ["code", "product__title", "option_values"]
    search_help_text = "按商家编码、商品标题或规格值查找，例如「龙井 大」"
    fields = ["code", "product", "options", "price", "weight_g", "virtual", "enabled"]
    readonly_fields = ["options", "price"]
    actions_detail = ["make_virtual", "make_real"]
    price = yuan_column("price_fen", "售价")

    @admin.display(description="规格")
    def options(self, row: Sku) -> str:
        """Its values, in the product's order of options."""
        return rules.described(row.option_values, row.product.options) or "—"

    def usable(self, row: Sku) -> list[str]:
        return ["make_real" if row.virtual else "make_virtual"]

    @action(description="设为虚拟商品", url_path="virtual", permissions=["catalog.change_sku"], icon="key")
    def make_virtual(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._become(request, object_id, VirtualForm, virtual=True)

    @action(description="改为实物商品", url_path="real", permissions=["catalog.change_sku"], icon="package_2")
    def make_real(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._become(request, object_id, RealForm, virtual=False)

    def _become(
        self, request: HttpRequest, object_id: str, form_class: type[AskForm], *, virtual: bool
    ) -> HttpResponse:
        sku: Sku = self.row(request, object_id)

        def become(_: AskForm) -> str:
            catalog.set_virtual(sku_id=sku.pk, virtual=virtual)
            return "已设为虚拟商品，请导入卡密作为库存。" if virtual else "已改为实物商品。"

        return self.ask(request, form_class, become, row=sku, heading=str(sku))


@admin.register(Category)
class CategoryAdmin(EditableAdmin):
    """The tree, each category under its parent."""

    form = CategoryForm
    list_display = ["indented", "position", "visible"]
    search_fields = ["name"]
    list_filter = ["visible"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Category]:
        places = [When(pk=pk, then=Value(place)) for place, pk in enumerate(catalog_facts.full_names())]
        rows = super().get_queryset(request)
        return rows.annotate(place=Case(*places, default=Value(0), output_field=IntegerField()))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return TreeList

    def save_model(self, request: HttpRequest, obj: Category, form: Any, change: bool) -> None:
        catalog.save_category(category=obj)

    @admin.display(description="类目")
    def indented(self, row: Category) -> SafeString:
        return format_html(
            '<span style="padding-left:{}em">{}{}</span>',
            2 * max(row.depth - 1, 0),
            "└ " if row.depth > 1 else "",
            row.name,
        )


@admin.register(Brand)
class BrandAdmin(EditableAdmin):
    """Brands."""

    saves = staticmethod(catalog.save_brand)
    list_display = ["picture", "name"]
    list_display_links = ["picture", "name"]
    search_fields = ["name"]

    @admin.display(description="标志")
    def picture(self, row: Brand) -> SafeString:
        return _thumbnail(row.logo)


@admin.register(GuaranteeLabel)
class GuaranteeLabelAdmin(EditableAdmin):
    """Promises shown with products."""

    saves = staticmethod(catalog.save_guarantee)
    list_display = ["name", "explanation"]
    search_fields = ["name"]


def _of_options(before: list[dict[str, Any]], now: list[dict[str, Any]]) -> list[Change]:
    def said(options: list[dict[str, Any]]) -> str:
        return "；".join(f"{one['name']}：{'、'.join(one['values'])}" for one in options)

    return [("规格", text_of(said(before)), text_of(said(now)))] if before != now else []


def _of_skus(skus: list[Sku], before: Mapping[Any, Any]) -> list[Change]:
    """What was changed of SKUs that were there already, as label, before, after: two statements for all of them."""
    now = audit.values_of(skus)
    return [
        (f"{audit.name_of(sku)} · {label}", old, new)
        for sku in skus
        for label, old, new in audit.between(sku, before[sku.pk], now.get(sku.pk, {}))
    ]


def _ids(chosen: QuerySet[Product]) -> list[int]:
    return list(chosen.order_by().values_list("pk", flat=True))


def _thumbnail(image: Any) -> SafeString:
    if not image:
        return mark_safe("—")
    return format_html(
        '<img src="{}" alt="" loading="lazy" style="width:48px;height:48px;object-fit:cover;border-radius:8px">',
        stored.address(image, stored.Size.LIST),
    )
