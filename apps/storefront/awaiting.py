"""What a member waits for: SKUs that were sold out when they asked, with what there is of them now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.carts.models import StockWish
from apps.carts.services import stock_wishes
from apps.catalog import articles
from apps.catalog import selectors as catalog_facts
from apps.checkout import chosen
from apps.inventory import selectors as stock_facts
from apps.members import selectors as member_facts
from apps.members.models import Member
from mall.errors import Kind, ShopError


class InStock(ShopError):
    """Nobody has to wait for what can be ordered; ``details`` has ``available``."""

    code = "sku_in_stock"
    message = "商品有货，可直接下单"
    kind = Kind.CONFLICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """A wish, and how many units of its SKU can be ordered at this moment; 0 for what is off sale."""

    wish: StockWish
    option_text: str
    image: str
    available: int


def ask(*, member: Member, sku_id: int, at: datetime) -> StockWish:
    """Have the member told when a sold-out SKU is back; safe to repeat.

    Raises NotOnSale, InStock, and what ``stock_wishes.ask`` refuses.
    """
    if sku_id not in catalog_facts.sellable_skus([sku_id], at=at, early=member_facts.lead_of(member)):
        raise chosen.NotOnSale(details={"sku_ids": [sku_id]})
    available = stock_facts.available([sku_id])[sku_id]
    if available > 0:
        raise InStock(details={"available": available})
    return stock_wishes.ask(member=member, sku_id=sku_id, at=at)


def shown(wishes: Sequence[StockWish], *, at: datetime) -> list[Awaited]:
    """These wishes as their member sees them: two statements."""
    ids = [wish.sku_id for wish in wishes]
    sellable = catalog_facts.sellable_skus(ids, at=at)
    available = stock_facts.available(ids)
    return [
        Awaited(
            wish=wish,
            option_text=articles.option_text(wish.sku),
            image=articles.image_name(wish.sku),
            available=available[wish.sku_id] if wish.sku_id in sellable else 0,
        )
        for wish in wishes
    ]
