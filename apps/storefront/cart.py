"""The cart as its owner sees it: every line with today's price, what is left of it, and whether it can be ordered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.carts import services as carts
from apps.carts.selectors import InCart
from apps.catalog import articles
from apps.catalog.articles import Article
from apps.checkout import baskets, chosen, limits
from apps.inventory import selectors as stock_facts
from apps.members import selectors as member_facts
from apps.members.models import Member
from apps.orders import selectors as order_facts
from apps.storefront import filled_cart
from mall.pricing import engine, hearing
from mall.pricing.basket import Basket
from mall.pricing.hearing import Heard, Stranger
from mall.pricing.offers import Lane
from mall.pricing.quote import Quote

_OFF_SALE = "商品已下架"
_SOLD_OUT = "已售罄"


@dataclass(frozen=True, slots=True, kw_only=True)
class CartLine:
    """A line of the cart at this moment.

    ``unit_price_fen`` is what one unit costs this member before promotions: the member price where there is
    one. ``notice`` says, for the shopper, why a line that is not ``valid`` cannot be ordered as it stands.
    """

    item: InCart
    article: Article
    unit_price_fen: int
    available: int
    valid: bool
    notice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cart:
    """All lines, how many pieces are ticked, and the quote of the ticked valid lines, None without any."""

    lines: tuple[CartLine, ...]
    selected_count: int
    quote: Quote | None


def put(*, member: Member, sku_id: int, quantity: int, selected: bool, at: datetime) -> None:
    """Put a SKU that is on sale into the cart. Raises NotOnSale, and what ``carts.put`` refuses."""
    if sku_id not in articles.sellable([sku_id], at=at, early=member_facts.lead_of(member)):
        raise chosen.NotOnSale(details={"sku_ids": [sku_id]})
    carts.put(member=member, sku_id=sku_id, quantity=quantity, selected=selected, at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """What of a past order is in the cart now, by SKU id, and why the rest is not, in Chinese for the shopper."""

    added: tuple[int, ...]
    left_out: dict[int, str]


def put_again(*, member: Member, order_no: str, at: datetime) -> Again:
    """Put the goods of a past order into the cart, ticked, as many of each as were bought; gifts and packing stay behind.

    What is there of them already adds up. What is not on sale, or has nothing left, is left out. Raises NotFound
    for an order that is not the member's.
    """
    order = order_facts.of_member(member=member, order_no=order_no)
    bought = {
        line.sku_id: line.quantity for line in order.lines.all() if not (line.is_gift or line.is_packing)
    }
    sellable = articles.sellable(bought, at=at, early=member_facts.lead_of(member))
    free = stock_facts.available(bought)
    left_out = {sku_id: _OFF_SALE for sku_id in bought if sku_id not in sellable}
    left_out |= {sku_id: _SOLD_OUT for sku_id in bought if sku_id in sellable and free[sku_id] <= 0}
    wanted = {sku_id: quantity for sku_id, quantity in bought.items() if sku_id not in left_out}
    refusals = carts.put_all(member=member, quantities=wanted, selected=True, at=at)
    left_out |= {sku_id: refusal.text for sku_id, refusal in refusals.items()}
    return Again(added=tuple(sku_id for sku_id in bought if sku_id not in left_out), left_out=left_out)


def view(*, member: Member, at: datetime) -> Cart:
    """The member's cart, priced now without coupons: what lies in it is one statement, or none (``filled_cart.read``).

    One for goods that this process does not keep; others where offers on these have limits, gifts or a group.
    """
    items, free = filled_cart.read(member=member, at=at)
    known = articles.of([item.sku_id for item in items])
    begun = at + member_facts.lead_of(member)
    sellable = {
        sku_id: article for sku_id, article in known.items() if article.can_be_bought(begun=begun, at=at)
    }
    available = {item.sku_id: free.get(item.sku_id, 0) for item in items}
    wanted = {item.sku_id: item.quantity for item in items if item.selected}
    one_each = baskets.basket_of(member=member, skus=sellable, quantities=dict.fromkeys(sellable, 1))
    offers = (
        baskets.offers_for(member=member, lines=one_each.lines, quantities=wanted, at=at) if items else []
    )
    unit_prices_fen = _unit_prices_fen(one_each, offers)
    notices = _notices(items, sellable, available)
    lines = tuple(
        CartLine(
            item=item,
            article=known[item.sku_id],
            unit_price_fen=unit_prices_fen.get(item.sku_id, known[item.sku_id].price_fen),
            available=available[item.sku_id],
            valid=not notices[item.pk],
            notice=notices[item.pk],
        )
        for item in items
    )
    ticked = {line.item.sku_id: line.item.quantity for line in lines if line.item.selected and line.valid}
    basket = baskets.basket_of(member=member, skus=sellable, quantities=ticked)
    return Cart(
        lines=lines,
        selected_count=sum(item.quantity for item in items if item.selected),
        quote=engine.quote(basket, hearing.heard(basket, offers)) if ticked else None,
    )


def _unit_prices_fen(one_each: Basket, offers: list[Heard]) -> dict[int, int]:
    """What one unit of a SKU costs the member, where an offer may have changed that: pricing itself says it, asked for the
    price lane alone."""
    own = [offer for offer in offers if offer.lane is Lane.PRICE and not isinstance(offer, Stranger)]
    if not own:
        return {}
    quote = engine.quote(one_each, own)
    return {item.sku_id: item.payable_fen for item in quote.items}


def _notices(
    items: Sequence[InCart],
    sellable: Mapping[int, Article],
    available: Mapping[int, int],
) -> dict[int, str]:
    """Why each line cannot be ordered as it stands, empty where it can.

    A product's limits count all its ticked SKUs together, as an order would; a line that is not ticked is
    judged by itself.
    """
    on_sale = [item for item in items if item.sku_id in sellable]
    together = limits.broken((sellable[item.sku_id], item.quantity) for item in on_sale if item.selected)
    notices = {item.pk: _OFF_SALE for item in items}
    for item in on_sale:
        article, left = sellable[item.sku_id], available[item.sku_id]
        broken = together if item.selected else limits.broken([(article, item.quantity)])
        if article.product_id in broken:
            notices[item.pk] = broken[article.product_id].text
        elif left < item.quantity:
            notices[item.pk] = f"库存仅剩 {left} 件" if left else _SOLD_OUT
        else:
            notices[item.pk] = ""
    return notices
