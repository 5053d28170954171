"""Goods for tests: each function makes one real row through the catalogue's services."""

from __future__ import annotations

from itertools import count
from typing import Any

from apps.catalog import services as catalog
from apps.catalog.models import Brand, Category, Product, Sku
from apps.fulfillment.models import FreightTemplate, FreightZone
from apps.fulfillment.services import templates

_numbers = count(1)


def category(name: str | None = None, *, parent: Category | None = None, **columns: Any) -> Category:
    """A category, by default a root of its own name."""
    name = name or f"类目{next(_numbers)}"
    return catalog.save_category(category=Category(name=name, parent=parent, **columns))


def brand(name: str | None = None) -> Brand:
    """A brand."""
    return Brand.objects.create(name=name or f"品牌{next(_numbers)}")


def product(
    title: str = "手工陶瓷茶杯", *, price_fen: int = 10_000, skus: list[Sku] | None = None, **columns: Any
) -> Product:
    """A product on sale in a category of its own, with one SKU of ``price_fen`` (default 100 yuan) or these SKUs."""
    columns.setdefault("category", None)
    columns["category"] = columns["category"] or category()
    columns = {"on_sale": True, "cover": "products/cup.png", **columns}
    sent_free()
    chosen = skus if skus is not None else [unsaved_sku(price_fen=price_fen)]
    return catalog.save_product(product=Product(title=title, **columns), skus=chosen)


def sent_free() -> None:
    """Let everything be sent free where nothing else is said: without any template goods cannot be ordered."""
    if not FreightTemplate.objects.exists():
        templates.save(
            template=FreightTemplate(name="包邮", is_default=True), zones=[FreightZone(first_fee_fen=0)]
        )


def unsaved_sku(*, price_fen: int = 10_000, **columns: Any) -> Sku:
    """A SKU to be saved with its product."""
    columns.setdefault("code", f"T{next(_numbers):05d}")
    return Sku(price_fen=price_fen, **columns)


def sku(*, price_fen: int = 10_000, weight_g: int = 0, enabled: bool = True, **columns: Any) -> Sku:
    """The only SKU of a product of its own; further keywords are the product's columns."""
    only = unsaved_sku(price_fen=price_fen, weight_g=weight_g)
    made = product(skus=[only], **columns)
    if not enabled:
        Sku.objects.filter(product=made).update(enabled=False)
    return Sku.objects.select_related("product__category", "product__brand").get(product=made)
