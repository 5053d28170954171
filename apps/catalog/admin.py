"""The operators' pages of the catalogue: products with SKUs and pictures, the category tree, brands, promises."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Case, IntegerField, Max, Min, Q, QuerySet, Value, When
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from unfold.decorators import action, display
from unfold.views import ChangeList
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from apps.base.admin import EditableAdmin, TabularInline, for_chosen, yuan_column
from apps.base.forms import MONEY_IN_YUAN
from apps.catalog import detail, search
from apps.catalog import selectors as catalog_facts
from apps.catalog import services as catalog
from apps.catalog.forms import CategoryForm, ProductForm, SkuForm, SkuFormSet
from apps.catalog.models import Brand, Category, GuaranteeLabel, Product, ProductImage, Sku
from apps.pictures import stored
from mall.errors import ShopError
from mall.money import yuan


class SkuInline(TabularInline):
    """The SKUs on their product's page; money in yuan."""

    model = Sku
    form = SkuForm
    formset = SkuFormSet
    formfield_overrides = MONEY_IN_YUAN
    fields = [
        *(
            "code",
            "option_values",
            "price_fen",
            "market_price_fen",
            "cost_fen",
            "weight_g",
            "image",
            "enabled",
        ),
    ]
    extra = 0
    price_shown = yuan_column("price_fen", "售价")
    market_price_shown = yuan_column("market_price_fen", "划线价")
    cost_shown = yuan_column("cost_fen", "成本价")

    def get_fields(self, request: HttpRequest, obj: Product | None = None) -> list[str]:
        """Prices are read, not typed, by who may not set them."""
        if _may_price(request):
            return list(self.fields)
        return [
            f"{name.removesuffix('_fen')}_shown" if name.endswith("_fen") else name for name in self.fields
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> list[str]:
        return [] if _may_price(request) else ["price_shown", "market_price_shown", "cost_shown"]

    def has_add_permission(self, request: HttpRequest, obj: Product | None = None) -> bool:
        """A new SKU needs a price."""
        return super().has_add_permission(request, obj) and _may_price(request)


class ProductImageInline(TabularInline):
    """Further pictures."""

    model = ProductImage
    fields = ["image", "position"]
    extra = 0
    hide_title = True


class ProductPage(EditableAdmin):
    """Products. On and off sale by action; prices by SKU; sales are counted, never typed."""

    form = ProductForm
    list_display = ["picture", "title", "category", "prices", "sold_count", "state", "role", "created_at"]
    list_display_links = ["picture", "title"]
    list_filter = ["on_sale", "role", "category", "brand"]
    list_select_related = ["category"]
    search_fields = ["title"]
    search_help_text = "标题、拼音、首字母、品牌、类目，或商家编码"
    inlines = [SkuInline, ProductImageInline]
    actions = ["put_on_sale", "take_off_sale"]
    actions_submit_line = ["save_and_put_on_sale", "save_and_take_off_sale"]
    readonly_fields = ["state", "prices", "sold_count", "preview", "created_at"]
    fieldsets = [
        (None, {"fields": ["title", "subtitle", ("category", "brand"), ("role", "state"), "cover", "video"]}),
        ("规格与参数", {"fields": ["options", "attributes", "guarantees"]}),
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

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Product], search_term: str
    ) -> tuple[QuerySet[Product], bool]:
        """Search as shoppers do, or by a SKU's code."""
        try:
            wanted = search.understood(search_term)
        except ShopError as refusal:
            self.message_user(request, refusal.text, level=messages.WARNING)
            return queryset.none(), False
        if wanted is None:
            return queryset, False
        coded = Sku.objects.filter(code__icontains=search_term.strip()).values("product")
        return queryset.filter(wanted.condition | Q(pk__in=coded)), False

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:
        """Write the columns of the form only: sales are counted by others at the same time."""
        if not change:
            obj.save()
            return
        columns = {field.name for field in obj._meta.concrete_fields}
        obj.save(update_fields=[name for name in form.cleaned_data if name in columns])

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        for remark in form.remarks:
            self.message_user(request, f"图文详情{remark}", level=messages.WARNING)
        catalog.refresh_product(product_id=form.instance.pk)
        # Unfold would do this in save_model, before the SKUs on the page are saved.
        for button in self.get_actions_submit_line(request, form.instance.pk):
            if button.action_name in request.POST:
                button.method(request, form.instance)

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
        return f"¥{yuan(lowest)}" if lowest == highest else f"¥{yuan(lowest)} – {yuan(highest)}"

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

    list_display = ["picture", "name"]
    list_display_links = ["picture", "name"]
    search_fields = ["name"]

    def save_model(
        self, request: HttpRequest, obj: Brand, form: forms.ModelForm[Brand], change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        if change and "name" in form.changed_data:
            catalog.refresh_brand(brand_id=obj.pk)

    @admin.display(description="标志")
    def picture(self, row: Brand) -> SafeString:
        return _thumbnail(row.logo)


@admin.register(GuaranteeLabel)
class GuaranteeLabelAdmin(EditableAdmin):
    """Promises shown with products."""

    list_display = ["name", "explanation"]
    search_fields = ["name"]


def _may_price(request: HttpRequest) -> bool:
    return request.user.has_perm("catalog.price_product")


def _ids(chosen: QuerySet[Product]) -> list[int]:
    return list(chosen.order_by().values_list("pk", flat=True))


def _thumbnail(image: Any) -> SafeString:
    if not image:
        return mark_safe("—")
    return format_html(
        '<img src="{}" alt="" loading="lazy" style="width:48px;height:48px;object-fit:cover;border-radius:8px">',
        stored.address(image, stored.Size.LIST),
    )
