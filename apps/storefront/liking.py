"""Favourites as their owner sees them: the goods as lists show them, with what they cost when they were put there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from apps.base.prepared import Making
from apps.carts.models import Favorite
from apps.carts.services import favorites
from apps.catalog import selectors as catalog_facts
from apps.catalog import shelves
from apps.inventory import selectors as stock_facts
from apps.members import selectors as member_facts
from apps.members.models import Member
from apps.promotions import selectors as promotion_facts
from apps.promotions.wearing import Wear
from apps.storefront import showcase
from mall.errors import NotFound


def put(*, member: Member, product_id: int, at: datetime) -> Favorite:
    """Put a product that is on sale among the member's favourites; again changes nothing.

    Raises NotFound, and what ``favorites.add`` refuses.
    """
    lead = member_facts.lead_of(member)
    product = catalog_facts.on_sale_among([product_id], at=at, early=lead).get(product_id)
    if product is None:
        raise NotFound("商品不存在或已下架")
    return favorites.add(member=member, product=product, at=at)


def page_json(rows: Sequence[Favorite], following: str | None, *, member: Member, at: datetime) -> bytes:
    """A page of favourites in the contract's form: three statements and those of activities, however many there are."""
    lead = member_facts.lead_of(member)
    ids = [row.product_id for row in rows]
    products = shelves.listed(ids)
    buyable = catalog_facts.on_sale_among(ids, at=at, early=lead)
    making = Making()
    wear = promotion_facts.scene(at=at, lead=lead).wear if rows else Wear(())
    shown = showcase.listed([products[pk] for pk in ids], wear, making, at=at)
    results: list[dict[str, Any]] = [
        {
            **item,
            "on_sale": row.product_id in buyable,
            "price_then_fen": row.price_fen,
            "fallen_fen": max(row.price_fen - item["price_fen"], 0),
            "added_at": row.added_at,
        }
        for row, item in zip(rows, shown, strict=True)
    ]
    cut = making.cut({"results": results, "next": following})
    free = stock_facts.available(sku_id for hole in cut.holes for sku_id in hole)
    return cut.filled(showcase.stock_json(sum(free[sku_id] for sku_id in hole)) for hole in cut.holes)
