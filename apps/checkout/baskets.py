"""What is wanted as pricing takes it: lines, a basket, the offers on them; and how the goods look beside their figures."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from apps.catalog import selectors as catalog_facts
from apps.catalog.models import Sku
from apps.fulfillment import freight
from apps.inventory import selectors as stock_facts
from apps.members.models import Address, Member
from apps.pictures import stored
from apps.promotions import selectors as promotion_facts
from mall.pricing.basket import Basket, Buyer, Destination, Freight, Line
from mall.pricing.offers import Offer


def offers_for(
    *,
    member: Member,
    lines: Collection[Line],
    quantities: Mapping[int, int],
    place_id: int | None = None,
    at: datetime,
) -> list[Offer]:
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
    *, member: Member, skus: Mapping[int, Sku], quantities: Mapping[int, int], address: Address | None = None
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


def line(sku: Sku, quantity: int, *, freight_ref: str | None = None) -> Line:
    """A SKU as a line of the basket, at its list price."""
    product = sku.product
    return Line(
        sku_id=sku.pk,
        product_id=product.pk,
        category_ids=catalog_facts.category_ids_of(product),
        brand_id=product.brand_id,
        title=product.title,
        quantity=quantity,
        unit_price_fen=sku.price_fen,
        weight_g=sku.weight_g,
        freight_ref=freight_ref,
    )


def option_text(sku: Sku) -> str:
    """A SKU's option values for people, in the product's order of options: ``白 / 大``."""
    return " / ".join(str(sku.option_values.get(option["name"], "")) for option in sku.product.options)


def image_name(sku: Sku) -> str:
    """The stored picture of a SKU, its product's cover where it has none of its own."""
    return sku.image.name or sku.product.cover.name or ""


def shown(sku: Sku) -> dict[str, Any]:
    """How a SKU looks beside its figures: its product, its picture and its option values."""
    return {
        "product_id": sku.product_id,
        "image_url": stored.address(image_name(sku), stored.Size.LIST),
        "option_text": option_text(sku),
        "returns": catalog_facts.returns_of(sku.product),
        "freight_insurance": catalog_facts.insurance_of(sku.product),
        "virtual": sku.virtual,
    }


def _destination(address: Address | None) -> Destination | None:
    if address is None:
        return None
    return Destination(province=address.province, city=address.city, district=address.district)
