"""Which orders an operator may see and act on: one who works at some shops has theirs alone, and none that go by parcel.

Judged here for every door: lists and pages are narrowed, and services that are told who acts ask once more. Who works where:
``stores.PlaceStaff``.
"""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from apps.orders.models import Order
from apps.stores import selectors as place_facts
from mall.errors import NotFound

Row = TypeVar("Row", bound=Model)


def narrowed(rows: QuerySet[Row], *, operator: Any, of: str = "") -> QuerySet[Row]:
    """Those of the rows whose orders the operator may see; ``of`` is the way from a row to its order, empty for orders.

    Rows of no order are of no shop either. No statement more for who sees all, or was asked about before.
    """
    mine = place_facts.places_of(operator=operator)
    if mine is None:
        return rows
    return rows.filter(**{f"{of}__delivery__place_id__in" if of else "delivery__place_id__in": sorted(mine)})


def numbered(rows: QuerySet[Row], *, operator: Any, number: str) -> QuerySet[Row]:
    """Those of the rows whose orders, known by the ``number`` alone, the operator may see."""
    if place_facts.places_of(operator=operator) is None:
        return rows
    mine = narrowed(Order.objects.order_by(), operator=operator)
    return rows.filter(**{f"{number}__in": mine.values("order_no")})


def may_reach(order: Order, *, operator: Any) -> bool:
    """Whether the operator may see an order and act on it; nobody (None) is the shop itself."""
    place_id = (order.delivery or {}).get("place_id")
    mine = place_facts.places_of(operator=operator)
    return mine is None or place_id in mine


def require(order: Order, *, operator: Any) -> None:
    """Raise NotFound for an order that the operator may not see, as for one that is not there."""
    if not may_reach(order, operator=operator):
        raise NotFound
