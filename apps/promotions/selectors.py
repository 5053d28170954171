"""What can be read about promotions: the offers of a moment, and the badges that products wear."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

import structlog
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject

from apps.members.models import Level, Member
from apps.promotions import terms, wording
from apps.promotions.models import LevelPrice, Promotion
from apps.promotions.terms import Terms
from mall.errors import ShopError
from mall.pricing.basket import Line
from mall.pricing.offers import FreePostage, Offer

log = structlog.get_logger(__name__)

# What terms take of a row as it is.
_COLUMNS: Final = (
    "product_ids",
    "category_ids",
    "brand_ids",
    "kind",
    "label",
    "scope",
    "by_pieces",
    "steps",
    "off_bp",
    "cap_fen",
    "threshold_fen",
    "regions",
    "combines",
)


class Shelved(NamedTuple):
    """What a badge depends on: a product with its brand and its categories up to the root."""

    product_id: int
    category_ids: frozenset[int]
    brand_id: int | None


def offers_for(*, member: Member | None, at: datetime, sku_ids: Collection[int] | None = None) -> list[Offer]:
    """All offers to this member at this moment: two statements, however many promotions there are.

    Whether an offer applies to a basket is for pricing to say. ``sku_ids`` spares reading the member prices
    of SKUs that are not asked for; None reads them all. Without a member there are no member prices.
    """
    found: list[Offer] = []
    if member is not None and member.level_id is not None:
        price = _member_price(level_id=member.level_id, sku_ids=sku_ids)
        found += [price] if price else []
    return [*found, *live(at=at)]


def live(*, at: datetime) -> list[Offer]:
    """The offers to everyone whose window ``[starts_at, ends_at)`` holds this moment: one statement.

    A row that makes no offer (its last product was deleted, say) is left out and logged: a promotion set up
    badly must not keep the shop from selling.
    """
    found: list[Offer] = []
    running = Promotion.objects.filter(enabled=True, starts_at__lte=at, ends_at__gt=at)
    for row in with_scope_ids(running).order_by("id"):
        try:
            found.append(terms.offer(terms_of(row)))
        except ShopError as refusal:
            log.warning("promotion_unusable", promotion_id=row.pk, reason=refusal.text)
    return found


def with_scope_ids(promotions: QuerySet[Promotion]) -> QuerySet[Any]:
    """The rows with ``product_ids``, ``category_ids`` and ``brand_ids`` read along, in the same statement."""
    return promotions.annotate(
        product_ids=_ids(Promotion.products.through, "product_id"),
        category_ids=_ids(Promotion.categories.through, "category_id"),
        brand_ids=_ids(Promotion.brands.through, "brand_id"),
    )


def terms_of(row: Any) -> Terms:
    """The terms of a row of ``with_scope_ids``: no statement."""
    return Terms(ref=f"promotion:{row.pk}", **{name: getattr(row, name) for name in _COLUMNS})


def badges(shelved: Iterable[Shelved], offers: Iterable[Offer]) -> dict[int, list[str]]:
    """The badges of each product, such as 「满100减15」, by product id: no statement.

    ``offers`` are those of ``live``. A product's first badges are those of the offers with the lower ref.
    """
    worn = [(offer, badge) for offer in offers if (badge := wording.badge(offer))]
    return {
        product.product_id: list(dict.fromkeys(badge for offer, badge in worn if _covers(offer, product)))
        for product in shelved
    }


def _ids(through: Any, column: str) -> ArraySubquery:
    """The ids that a many-to-many of a promotion names, as an array in the promotion's own row."""
    return ArraySubquery(through.objects.filter(promotion_id=OuterRef("pk")).order_by(column).values(column))


def _member_price(*, level_id: int, sku_ids: Collection[int] | None) -> Offer | None:
    prices = LevelPrice.objects.filter(level_id=OuterRef("pk"))
    if sku_ids is not None:
        prices = prices.filter(sku_id__in=sku_ids)
    pair = JSONObject(sku_id="sku_id", price_fen="price_fen")
    level = Level.objects.annotate(prices=ArraySubquery(prices.values(pair=pair))).get(pk=level_id)
    return terms.member_price(
        level_id=level.pk,
        level_name=level.name,
        discount_bp=level.discount_bp,
        prices_fen={price["sku_id"]: price["price_fen"] for price in level.prices},
    )


def _covers(offer: Offer, product: Shelved) -> bool:
    """Whether the offer means this product; postage is about the whole order, so it means them all."""
    if isinstance(offer, FreePostage):
        return True
    return offer.scope.covers(
        Line(
            sku_id=0,
            product_id=product.product_id,
            category_ids=product.category_ids,
            brand_id=product.brand_id,
            title="",
            quantity=1,
            unit_price_fen=0,
        )
    )
