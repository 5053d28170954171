"""Favourites: put and taken back by their member, and found by a sweep when their price has fallen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction

from apps.base import transactions
from apps.carts.models import Favorite
from apps.carts.services import queueing
from apps.catalog.models import Product
from apps.members.models import Member
from mall.errors import Kind, ShopError
from mall.money import WHOLE_BP

MOST: Final = 300
# Whoever was told of a fall hears of the next one of the same product a day later at the earliest.
REST: Final = timedelta(days=1)

_ON_SALE: Final = """
    product.on_sale AND (product.sale_starts_at IS NULL OR product.sale_starts_at <= %(at)s)
                    AND (product.sale_ends_at IS NULL OR product.sale_ends_at > %(at)s)
"""
# One look into an index for each product on sale, however many favourites there are: LIMIT keeps PostgreSQL from reading
# them all. The new mark is what the price fell to.
_FALLEN: Final = f"""
    WITH fallen AS (
        SELECT found.id, product.price_fen
          FROM catalog_product AS product CROSS JOIN LATERAL (
                SELECT favorite.id FROM carts_favorite AS favorite
                 WHERE favorite.product_id = product.id AND favorite.mark_fen > product.price_fen
                   AND favorite.mark_fen * %(left_bp)s >= product.price_fen * %(whole_bp)s
                   AND (favorite.fell_at IS NULL OR favorite.fell_at <= %(rested)s)
                 LIMIT %(limit)s) AS found
         WHERE {_ON_SALE}
         LIMIT %(limit)s
    ), taken AS (
        SELECT favorite.id, favorite.mark_fen AS was_fen, fallen.price_fen
          FROM carts_favorite AS favorite JOIN fallen USING (id)
         ORDER BY favorite.id FOR NO KEY UPDATE OF favorite SKIP LOCKED
    )
    UPDATE carts_favorite AS favorite
       SET mark_fen = taken.price_fen, falls = favorite.falls + 1, fell_at = %(at)s
      FROM taken WHERE favorite.id = taken.id AND favorite.mark_fen > taken.price_fen
    RETURNING favorite.id, favorite.member_id, favorite.falls, taken.was_fen
"""  # noqa: S608 -- a condition of our own
# A mark follows its price up again, to what it was put at.
_RISEN: Final = """
    WITH risen AS (
        SELECT found.id, product.price_fen
          FROM catalog_product AS product CROSS JOIN LATERAL (
                SELECT favorite.id FROM carts_favorite AS favorite
                 WHERE favorite.product_id = product.id AND favorite.mark_fen < favorite.price_fen
                   AND favorite.mark_fen < product.price_fen
                 LIMIT %(limit)s) AS found
         LIMIT %(limit)s
    ), taken AS (
        SELECT favorite.id, risen.price_fen FROM carts_favorite AS favorite JOIN risen USING (id)
         ORDER BY favorite.id FOR NO KEY UPDATE OF favorite SKIP LOCKED
    )
    UPDATE carts_favorite AS favorite SET mark_fen = LEAST(favorite.price_fen, taken.price_fen)
      FROM taken WHERE favorite.id = taken.id
"""


class FavoritesFull(ShopError):
    """The member has as many favourites as there can be."""

    code = "favorites_full"
    message = f"最多收藏 {MOST} 件商品"
    kind = Kind.CONFLICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall:
    """The price of a favourite has fallen, for the ``number``-th time, from ``was_fen``."""

    favorite_id: int
    member_id: int
    number: int
    was_fen: int


@transaction.atomic
def add(*, member: Member, product: Product, at: datetime) -> Favorite:
    """Put a product among the member's favourites at its price of now; again changes nothing.

    The caller knows that it is on sale. Raises FavoritesFull.
    """
    queueing.behind(member)
    mine = Favorite.objects.filter(member=member)
    there = mine.filter(product=product).first()
    if there is not None:
        return there
    if mine.count() >= MOST:
        raise FavoritesFull(details={"most": MOST})
    return Favorite.objects.create(
        member=member,
        product=product,
        price_fen=product.price_fen,
        mark_fen=product.price_fen,
        added_at=at,
    )


def take_out(*, member: Member, product_id: int) -> None:
    """Take a product out of the member's favourites; one that is not there is no fault."""
    Favorite.objects.filter(member=member, product_id=product_id).delete()


def take_fallen(*, drop_bp: int, limit: int, at: datetime) -> Sequence[Fall]:
    """Note the falls of at most so many favourites, in the caller's transaction, and return them: each is returned once.

    A price has fallen that is at least ``drop_bp`` below its mark, of a product on sale. Marks of prices that rose again
    rise first.
    """
    transactions.require()
    with connection.cursor() as cursor:
        cursor.execute(_RISEN, {"limit": limit})
        cursor.execute(
            _FALLEN,
            {
                "left_bp": WHOLE_BP - drop_bp,
                "whole_bp": WHOLE_BP,
                "rested": at - REST,
                "limit": limit,
                "at": at,
            },
        )
        return [
            Fall(favorite_id=favorite_id, member_id=member_id, number=number, was_fen=was_fen)
            for favorite_id, member_id, number, was_fen in cursor.fetchall()
        ]


def has_fallen(price_fen: int, *, was_fen: int, drop_bp: int) -> bool:
    """Whether a price is at least ``drop_bp`` below what it was."""
    return price_fen < was_fen and price_fen * WHOLE_BP <= was_fen * (WHOLE_BP - drop_bp)
