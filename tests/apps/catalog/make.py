"""Goods for tests: rows as the catalogue's services write them, in the fewest statements.

Half of all tests begin with goods, and the services read again what they have just written. That a row is the same either
way is a test of its own (``tests/apps/catalog/test_make.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

from django.db import connection
from django.db.models import Model

from apps.catalog import detail, rules, search
from apps.catalog import services as catalog
from apps.catalog.models import Brand, Category, Product, Sku
from apps.fulfillment.models import FreightTemplate, FreightZone
from apps.fulfillment.services import templates

_numbers = count(1)


def category(name: str | None = None, *, parent: Category | None = None, **columns: Any) -> Category:
    """A category, by default a root of its own name."""
    made = Category(name=name or f"类目{next(_numbers)}", parent=parent, **columns)
    if parent is not None:
        return catalog.save_category(category=made)
    made.pk = _next_id(Category)
    made.path = f"/{made.pk}/"
    made.save(force_insert=True)
    return made


def _next_id(model: type[Model]) -> int:
    """A key for a row that has to know it before it is written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [model._meta.db_table])
        return int(cursor.fetchone()[0])


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
    return written(Product(title=title, **columns), chosen)


def written(made: Product, skus: Sequence[Sku]) -> Product:
    """Write a new product with its SKUs: what the service derives of it is derived first."""
    rules.check_product(made)
    rules.check_skus(made, skus)
    above = [int(step) for step in made.category.path.strip("/").split("/")]
    if above == [made.category.pk]:
        names = [made.category.name]
    else:
        known = dict(Category.objects.filter(pk__in=above).values_list("pk", "name"))
        names = [known[pk] for pk in above]
    brand = made.brand.name if made.brand else ""
    parameters = [one["value"] for one in made.attributes]
    made.search_words = search.words_of(made.title, [made.subtitle, brand, *names, *parameters])
    made.detail_html = detail.sanitised(made.detail_html)
    if skus:
        cheapest = min(skus, key=lambda sku: (not sku.enabled, sku.price_fen))
        made.price_fen, made.market_price_fen = cheapest.price_fen, cheapest.market_price_fen
    made.save(force_insert=True)
    for sku in skus:
        sku.product = made
    Sku.objects.bulk_create(skus)
    made.refresh_from_db()
    return made


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
