"""What can be read about stock: what is free to sell, and whether the books are right."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final, NamedTuple

from django.db import connection
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from apps.base import planned
from apps.catalog.models import Sku
from apps.inventory.models import Hold, Stock

# At this many free units a stock row is low.
LOW = 10
_FREE: Final = """
    SELECT stock.sku_id, sum(stock.on_hand - stock.held)
      FROM inventory_stock AS stock JOIN stores_place AS place ON place.id = stock.place_id AND place.ships
     WHERE stock.sku_id = ANY(%s) GROUP BY stock.sku_id
"""


def available(sku_ids: Iterable[int]) -> dict[int, int]:
    """How many units of each SKU may still be ordered, over all places that ship: one query.

    Every id asked for is in the answer, with 0 where nothing lies anywhere.
    """
    free = dict.fromkeys(sku_ids, 0)
    if free:
        free.update(planned.rows(_FREE, [list(free)]))
    return free


def available_at(place_ids: Collection[int], sku_ids: Collection[int]) -> dict[int, dict[int, int]]:
    """How many units of each SKU are free in each of these places, ``{place_id: {sku_id: units}}``: one query.

    Every place and SKU asked for is in the answer, with 0 where nothing lies; whether a place ships does not matter.
    """
    free = {place_id: dict.fromkeys(sku_ids, 0) for place_id in place_ids}
    if free and sku_ids:
        rows = Stock.objects.filter(place__in=place_ids, sku__in=sku_ids).order_by()
        for place_id, sku_id, units in rows.values_list("place_id", "sku_id", F("on_hand") - F("held")):
            free[place_id][sku_id] = units
    return free


def free_column(sku_ids: str) -> str:
    """The text of a column of a statement made elsewhere: what is free of these SKUs, to be read by ``free_told``.

    ``sku_ids`` is the place of a bigint[] in that statement, or a query of one column.
    """
    return f"""(
        SELECT array_agg(stock.sku_id)::text || array_agg(stock.on_hand - stock.held)::text
          FROM inventory_stock AS stock
         WHERE stock.sku_id = ANY({sku_ids}) AND stock.place_id = ANY(ARRAY(SELECT id FROM stores_place WHERE ships))
    )"""  # noqa: S608 -- a place of our own


def free_units(sku_id: str) -> str:
    """The text of a column of a statement made elsewhere: how many units of one SKU may still be ordered, 0 for none.

    ``sku_id`` is where that statement has the SKU.
    """
    return f"""(
        SELECT COALESCE(sum(stock.on_hand - stock.held), 0)
          FROM inventory_stock AS stock JOIN stores_place AS place ON place.id = stock.place_id AND place.ships
         WHERE stock.sku_id = {sku_id}
    )"""  # noqa: S608 -- a place of our own


def free_told(column: str | None) -> dict[int, int]:
    """What ``free_column`` said, by SKU, over all places that ship; one that lies nowhere is missing."""
    free: dict[int, int] = {}
    if column:
        ids, units = column[1:-1].split("}{")
        for sku_id, there in zip(ids.split(","), units.split(","), strict=True):
            free[int(sku_id)] = free.get(int(sku_id), 0) + int(there)
    return free


def free_of_products(product: OuterRef) -> Coalesce:
    """The units of a product that may still be ordered, as a column of a list of products."""
    free = (
        Stock.objects.filter(sku__product=product, place__ships=True)
        .order_by()
        .values("sku__product")
        .annotate(free=Sum(F("on_hand") - F("held")))
    )
    return Coalesce(Subquery(free.values("free")), 0)


def free_of_sku(sku: OuterRef) -> Coalesce:
    """The units of a SKU that may still be ordered, as a column of a list of SKUs."""
    rows = Stock.objects.filter(sku=sku, place__ships=True).order_by().values("sku")
    return Coalesce(Subquery(rows.annotate(free=Sum(F("on_hand") - F("held"))).values("free")), 0)


def free_of_product(product_id: int) -> dict[int, int]:
    """How many units of each SKU of a product may still be ordered, without those that lie nowhere; one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            _FREE.replace("ANY(%s)", "ANY(SELECT id FROM catalog_sku WHERE product_id = %s)"), [product_id]
        )
        return dict(cursor.fetchall())


def scarce_skus(*, at_most: int = LOW) -> QuerySet[Sku]:
    """The SKUs on sale of which at most so many units may still be ordered, over all places that ship.

    Each has ``free``: those units, 0 where none ever lay.
    """
    free = Sum(F("stocks__on_hand") - F("stocks__held"), filter=Q(stocks__place__ships=True))
    on_sale = Sku.objects.filter(enabled=True, product__on_sale=True)
    return on_sale.annotate(free=Coalesce(free, 0)).filter(free__lte=at_most)


def scarce() -> tuple[int, int]:
    """How many SKUs on sale have nothing left to order, and how many ``LOW`` units or fewer (the former included)."""
    low = scarce_skus().order_by()
    counted = low.aggregate(none=Count("pk", filter=Q(free__lte=0)), low=Count("pk"))
    return counted["none"], counted["low"]


class Unbalanced(NamedTuple):
    """A stock row beside the sums of its ledger entries."""

    stock_id: int
    sku_id: int
    place_id: int
    on_hand: int
    held: int
    booked_on_hand: int
    booked_held: int


def held_by(order_nos: Sequence[str]) -> QuerySet[Hold, Any]:
    """The keys of the stock rows of which these orders held units."""
    return Hold.objects.filter(order_no__in=order_nos).order_by().values("stock")


def unbalanced() -> list[Unbalanced]:
    """The stock rows whose figures are not the sums of their ledger entries: none, if all is well."""
    rows = (
        Stock.objects.order_by("id")
        .annotate(
            booked_on_hand=Coalesce(Sum("entries__on_hand_change"), 0),
            booked_held=Coalesce(Sum("entries__held_change"), 0),
        )
        .exclude(on_hand=F("booked_on_hand"), held=F("booked_held"))
        .values_list("id", "sku_id", "place_id", "on_hand", "held", "booked_on_hand", "booked_held")
    )
    return [Unbalanced(*row) for row in rows]
