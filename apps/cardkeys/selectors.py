"""What can be read about card keys: an order's for its buyer, and whether they and the stock say the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from apps.base import sealed
from apps.cardkeys.models import CardKey
from apps.cardkeys.states import CardStatus
from apps.catalog.models import Sku
from apps.inventory.models import Stock


class Shown(NamedTuple):
    """A card key as its buyer sees it."""

    sku_id: int
    number: str
    secret: str


def of_order(*, order_no: str) -> list[Shown]:
    """Return an order's card keys, opened, in the order in which they were brought in; those taken back are not among them.

    Whoever calls has made sure that the order is the caller's and paid. One statement. Raises sealed.Unreadable.
    """
    rows = CardKey.objects.filter(order_no=order_no, status=CardStatus.SOLD).order_by("id")
    return [Shown(row.sku_id, row.number, secret_of(row)) for row in rows]


def skus_with_cards() -> QuerySet[Sku, Any]:
    """The keys of the SKUs that any card key is of."""
    cards = CardKey.objects.filter(sku=OuterRef("pk")).order_by()
    return Sku.objects.filter(Exists(cards)).order_by().values("pk")


def secret_of(card: CardKey) -> str:
    """Return a card's secret, empty where it was erased with its buyer. Raises sealed.Unreadable."""
    return sealed.unseal(card.sealed, about=card.about) if card.sealed else ""


def unbalanced() -> Iterator[str]:
    """Virtual SKUs of which not as many cards are unsold as lie in stock, and cards of SKUs that are not virtual."""
    unsold = CardKey.objects.filter(sku=OuterRef("pk"), status=CardStatus.AVAILABLE).order_by().values("sku")
    stock = Stock.objects.filter(sku=OuterRef("pk")).order_by().values("sku")
    rows = (
        Sku.objects.filter(virtual=True)
        .order_by("id")
        .annotate(
            unsold=Coalesce(Subquery(unsold.annotate(n=Count("pk")).values("n")), 0),
            on_hand=Coalesce(Subquery(stock.annotate(n=Sum("on_hand")).values("n")), 0),
        )
        .values_list("code", "unsold", "on_hand")
    )
    for code, cards, units in rows.iterator():
        if cards != units:
            yield f"SKU {code} has {cards} unsold cards, {units} in stock"
    for code in (
        CardKey.objects.filter(sku__virtual=False).order_by().values_list("sku__code", flat=True).distinct()
    ):
        yield f"SKU {code} has cards and is not virtual"
