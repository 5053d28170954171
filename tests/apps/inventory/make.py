"""Plain makers of stock for tests: a place, a SKU on its shelf."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

from django.db import connection

from apps.catalog.models import Category, Product, Sku
from apps.inventory import services as inventory
from apps.inventory.models import Stock
from apps.inventory.services import counting
from apps.stores.models import Place

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
_numbers = count(1)
_FIRST = """
    WITH row AS (
        INSERT INTO inventory_stock (sku_id, place_id, on_hand, held) VALUES (%s, %s, %s, 0)
        ON CONFLICT DO NOTHING RETURNING id, on_hand
    )
    INSERT INTO inventory_stockentry (stock_id, kind, on_hand_change, held_change, business_key, reason, at)
    SELECT id, 'RECEIVE', on_hand, 0, %s, '测试入库', %s FROM row RETURNING stock_id
"""


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
    """So many units of the SKU received in a place (the main one if none is said).

    The first ones of a SKU in a place are written at once, with their entry; what comes on top is received.
    """
    where = at_place or place()
    if 1 <= quantity <= counting.MAX_UNITS and not sku.virtual:
        with connection.cursor() as cursor:
            cursor.execute(_FIRST, [sku.pk, where.pk, quantity, f"make:{next(_numbers)}", NOW])
            first = cursor.fetchone()
        if first:
            columns = ["id", "sku_id", "place_id", "on_hand", "held"]
            return Stock.from_db("default", columns, [first[0], sku.pk, where.pk, quantity, 0])
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
