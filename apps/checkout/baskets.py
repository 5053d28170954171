"""What is wanted as pricing takes it: lines, a basket, the offers on them; and how the goods look beside their figures."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from apps.catalog.articles import Article
from apps.fulfillment import freight
from apps.inventory import selectors as stock_facts
from apps.members.models import Address, Member
from apps.pictures import stored
from apps.promotions import selectors as promotion_facts
from mall.pricing.basket import Basket, Buyer, Destination, Freight, Line
from mall.pricing.hearing import Heard


def offers_for(
    *,
    member: Member,
    lines: Collection[Line],
    quantities: Mapping[int, int],
    place_id: int | None = None,
    at: datetime,
) -> list[Heard]:
    """The offers of now on these lines; gifts are promised from what the quantities leave on the shelf, of one place where
    all comes from there.
    """

    def stock(gift_ids: Collection[int]) -> dict[int, int]:
        if place_id is None:
            free = stock_facts.available(gift_ids)
        else:
            free = stock_facts.available_at([place_id], gift_ids)[place_id]
        return {sku_id: max(0, free[sku_id] - quantities.get(sku_id, 0)) for sku_id in gift_ids}

    return promotion_facts.offers_for(member=member, at=at, lines=lines, stock=stock)


def basket_of(
    *,
    member: Member,
    skus: Mapping[int, Article],
    quantities: Mapping[int, int],
    address: Address | None = None,
) -> Basket:
    """Sellable SKUs as pricing takes them; without an address the freight is not known yet."""
    freights: tuple[Freight, ...] = ()
    refs: Mapping[int, str] = {}
    if address is not None:
        freights, refs = freight.freights_for({sku.product_id for sku in skus.values()})
    return Basket(
        lines=tuple(
            line(skus[sku_id], quantity, freight_ref=refs.get(skus[sku_id].product_id))
            for sku_id, quantity in quantities.items()
        ),
        buyer=Buyer(level_id=member.level_id),
        destination=_destination(address),
        freights=freights,
    )


def line(article: Article, quantity: int, *, freight_ref: str | None = None) -> Line:
    """So many of a SKU as a line of the basket, at its list price."""
    return Line(
        sku_id=article.sku_id,
        product_id=article.product_id,
        category_ids=article.category_ids,
        brand_id=article.brand_id,
        title=article.title,
        quantity=quantity,
        unit_price_fen=article.price_fen,
        weight_g=article.weight_g,
        freight_ref=freight_ref,
    )


def shown(article: Article) -> dict[str, Any]:
    """How a SKU looks beside its figures: its product, its picture and its option values."""
    return {
        "product_id": article.product_id,
        "image_url": stored.address(article.image, stored.Size.LIST),
        "option_text": article.option_text,
        "returns": article.returns,
        "freight_insurance": article.insurance,
        "virtual": article.virtual,
    }


def _destination(address: Address | None) -> Destination | None:
    if address is None:
        return None
    return Destination(province=address.province, city=address.city, district=address.district)
