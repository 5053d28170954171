"""Reading what members think of buying: the lines of a cart, favourites, what is waited for."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, Max, QuerySet

from apps.carts.models import CartItem, Favorite, StockWish, WishRules
from apps.members.models import Member


class InCart(NamedTuple):
    """A line of a cart."""

    pk: int
    sku_id: int
    quantity: int
    selected: bool


def lines_column(member_id: str) -> str:
    """The text of a column of a statement made elsewhere: a member's cart, to be read by ``lines_told``.

    ``member_id`` is where that statement has the member.
    """
    return f"""(
        SELECT array_agg(ARRAY[id, sku_id, quantity, selected::int] ORDER BY added_at DESC, id DESC)::text
          FROM carts_cartitem WHERE member_id = {member_id}
    )"""  # noqa: S608 -- a place of our own


def skus_query(member_id: str) -> str:
    """The text of a query of the SKUs of the same cart, for such a statement."""
    return f"SELECT sku_id FROM carts_cartitem WHERE member_id = {member_id}"  # noqa: S608 -- likewise


def lines_told(column: str | None) -> list[InCart]:
    """What ``lines_column`` said: what was added last first; what is off sale is among it."""
    if not column:
        return []
    rows = [map(int, row.split(",")) for row in column[2:-2].split("},{")]
    return [InCart(pk, sku_id, quantity, selected == 1) for pk, sku_id, quantity, selected in rows]


def selected_of(*, member: Member) -> list[tuple[int, int]]:
    """The (sku_id, quantity) pairs that are ticked for ordering, in the order of the cart."""
    return list(
        CartItem.objects.filter(member=member, selected=True)
        .order_by("-added_at", "-id")
        .values_list("sku_id", "quantity")
    )


def wish_rules() -> WishRules:
    """The rules in force: those of operators, or the defaults."""
    return WishRules.objects.filter(pk=1).first() or WishRules(pk=1)


def favorites_of(*, member: Member, product_id: int | None = None) -> QuerySet[Favorite]:
    """A member's favourites; only the one of a product, if that is asked for."""
    mine = Favorite.objects.filter(member=member)
    return mine if product_id is None else mine.filter(product_id=product_id)


def favorite(*, favorite_id: int, member_id: int) -> Favorite | None:
    """A favourite of a member with its product; None where it was taken out."""
    found = Favorite.objects.filter(pk=favorite_id, member_id=member_id)
    return found.select_related("product").first()


def stock_wishes_of(*, member: Member) -> QuerySet[StockWish]:
    """What a member waits for, and what they were told is back, with SKUs and products."""
    return StockWish.objects.filter(member=member).select_related("sku__product")


def told_wish(*, wish_id: int, member_id: int) -> StockWish | None:
    """A wish that is being told; None where it was taken back, or is waited for again."""
    return StockWish.objects.filter(pk=wish_id, member_id=member_id, told_at__isnull=False).first()


def awaited_skus() -> list[int]:
    """The SKUs that somebody waits for: one statement, over an index."""
    waiting = StockWish.objects.filter(told_at=None).order_by("sku_id")
    return list(waiting.values_list("sku_id", flat=True).distinct())


def last_told(sku_ids: Collection[int]) -> dict[int, datetime]:
    """When the last batch of each of these SKUs was told, of those that had one."""
    told = StockWish.objects.filter(sku_id__in=sku_ids, told_at__isnull=False).order_by()
    return dict(told.values("sku_id").annotate(last=Max("told_at")).values_list("sku_id", "last"))


def told_since(since: datetime, *, most: int) -> list[StockWish]:
    """The wishes that were told since a moment, at most so many, the newest first."""
    return list(StockWish.objects.filter(told_at__gte=since).order_by("-told_at")[:most])


def favorites_count(*, product_id: int) -> int:
    """How many members like a product."""
    return Favorite.objects.filter(product_id=product_id).count()


def waiting_of_product(*, product_id: int) -> list[tuple[str, int]]:
    """The SKUs of a product that members wait for: its code, and how many they are; the most wanted first."""
    waiting = StockWish.objects.filter(sku__product_id=product_id, told_at=None).order_by()
    counted = waiting.values("sku__code").annotate(members=Count("id")).order_by("-members", "sku__code")
    return [(row["sku__code"], row["members"]) for row in counted]
