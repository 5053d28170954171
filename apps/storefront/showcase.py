"""Goods as shoppers see them: the catalogue's facts joined with stock and with the offers of the moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from apps.base.prepared import Making
from apps.catalog import detail, rules
from apps.catalog import selectors as catalog_facts
from apps.catalog.selectors import ProductPage
from apps.catalog.shelves import Listed
from apps.checkout import activities
from apps.pictures.stored import Size, address
from apps.promotions.wearing import Shelved, Wear

# From so few units on, over all SKUs, shoppers are told how many are left.
LOW_STOCK: Final = 10


class Worn(NamedTuple):
    """What a product shows of offers: badges, in words or of an activity to order it in, and countdowns."""

    badges: list[str | dict[str, Any]]
    activities: list[dict[str, Any]]


class Shown(NamedTuple):
    """A product's object in a list, in two parts: between them stands what is sold and what is in stock."""

    item: dict[str, Any]
    worn: dict[str, Any]


def shown(products: Sequence[Listed], wear: Wear, *, at: datetime) -> list[Shown]:
    """Return products as lists show them in the contract's form; ``wear`` is of the offers that are shown now.

    No statement but those of activities.
    """
    worn = _worn(
        [
            (
                product,
                Shelved(
                    product.pk,
                    catalog_facts.steps_of(product.path),
                    product.brand_id,
                    frozenset(product.sku_ids),
                ),
            )
            for product in products
        ],
        wear,
        at=at,
    )
    return [Shown(_item(product), worn[product.pk]._asdict()) for product in products]


def listed(products: Sequence[Listed], wear: Wear, making: Making, *, at: datetime) -> list[dict[str, Any]]:
    """Return the same whole. Each has one hole, for what is in stock: the ids of its SKUs."""
    return [
        {
            **each.item,
            "sold_count": product.sold_count,
            **making.hole(tuple(product.sku_ids)),
            **each.worn,
        }
        for product, each in zip(products, shown(products, wear, at=at), strict=True)
    ]


def page_of(product: ProductPage, wear: Wear, making: Making, *, at: datetime) -> dict[str, Any]:
    """Return a product's page in the contract's form: no statement but those of activities; ``wear`` as in shown.

    Its holes are ("now", ()) for the time,
    ("sold", ()) for its sales, ("units", ids) for what is in stock, ("sku", (id,)) for one SKU's units.
    """
    sku_ids = tuple(choice["id"] for choice in product.choices)
    shelved = Shelved(product.pk, catalog_facts.steps_of(product.path), product.brand_id, frozenset(sku_ids))
    cover_url = address(product.cover) or ""
    names = [product.cover, *product.pictures]
    return {
        **_item(product),
        **making.hole(("now", ())),
        **making.hole(("sold", ())),
        **making.hole(("units", sku_ids)),
        **_worn([(product, shelved)], wear, at=at)[product.pk]._asdict(),
        "category": {"id": product.category_id, "name": product.category},
        "brand": product.brand,
        "images": [address(name) for name in names],
        "images_full": [address(name, Size.FULL) for name in names],
        "video_url": address(product.video),
        "detail_html": detail.for_shoppers(product.detail_html),
        "attributes": product.attributes,
        "options": product.options,
        "skus": [
            {
                "id": choice["id"],
                "option_values": rules.in_order(choice["option_values"], product.options),
                "price_fen": choice["price_fen"],
                "market_price_fen": choice["market_price_fen"],
                "virtual": choice["virtual"],
                **making.hole(("sku", (choice["id"],))),
                "image_url": address(choice["image"]) or cover_url,
            }
            for choice in product.choices
        ],
        "returns": catalog_facts.returns_of(product),
        "freight_insurance": catalog_facts.insurance_of(product),
        "guarantees": product.labels,
        "min_quantity": product.min_quantity,
        "max_quantity": product.max_quantity,
        "quantity_step": product.quantity_step,
    }


def stock_json(units: int) -> bytes:
    """What a product says of its stock, as members of its JSON object; ``units`` of all its SKUs together."""
    low = units if 0 < units <= LOW_STOCK else "null"
    return f'"in_stock":{"true" if units > 0 else "false"},"low_stock":{low}'.encode()


def _item(product: Listed | ProductPage) -> dict[str, Any]:
    return {
        "id": product.pk,
        "title": product.title,
        "subtitle": product.subtitle,
        "cover_url": address(product.cover, Size.LIST),
        "price_fen": product.price_fen,
        "market_price_fen": product.market_price_fen,
    }


def _worn(
    products: Sequence[tuple[Listed | ProductPage, Shelved]], wear: Wear, *, at: datetime
) -> dict[int, Worn]:
    """Return what each product wears: the catalogue's badges, then those of the offers that cover it.

    Before them stand those of the activities that it can be ordered in (``checkout.activities``). What preheats is among
    the offers with hours only. No statement but those of activities.
    """
    orderable = activities.badges({shelved.product_id: shelved.sku_ids for _, shelved in products}, at=at)
    worn = {}
    for product, shelved in products:
        own: list[str | dict[str, Any]] = [
            *orderable[shelved.product_id],
            *catalog_facts.badges_of(product, at=at),
        ]
        offers = wear.of(shelved)
        worn[shelved.product_id] = Worn([*own, *offers.badges], offers.activities)
    return worn
