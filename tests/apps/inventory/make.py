"""Plain makers of stock for tests: a place, a SKU on its shelf."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

from apps.catalog.models import Category, Product, Sku
from apps.inventory import services as inventory
from apps.inventory.models import Stock
from apps.stores.models import Place

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
_numbers = count(1)


def place(name: str = "总仓", *, priority: int = 0, ships: bool = True) -> Place:
    """A place by its name; made the first time."""
    made, _ = Place.objects.get_or_create(name=name, defaults={"priority": priority, "ships": ships})
    return made


def sku(*, price_fen: int = 1000) -> Sku:
    """A SKU of a product of its own, without stock."""
    number = next(_numbers)
    category, _ = Category.objects.get_or_create(name="茶具")
    product = Product.objects.create(title=f"茶杯 {number}", category=category, cover="cup.png", on_sale=True)
    return Sku.objects.create(product=product, code=f"STOCK-{number}", price_fen=price_fen)


def stock(sku: Sku, quantity: int, *, at_place: Place | None = None) -> Stock:
    """So many units of the SKU received in a place (the main one if none is said)."""
    where = at_place or place()
    inventory.receive(
        sku_id=sku.pk,
        place_id=where.pk,
        quantity=quantity,
        business_key=f"make:{next(_numbers)}",
        reason="测试入库",
        operator=None,
        at=NOW,
    )
    return Stock.objects.get(sku=sku, place=where)
