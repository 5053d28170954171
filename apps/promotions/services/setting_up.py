"""Setting up promotions from a program: the demo shop, imports, tests. Operators use the admin."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.catalog.models import Sku
from apps.promotions import terms
from apps.promotions.models import Campaign, LevelPrice, MemberDay, Promotion, PromotionSku
from apps.promotions.terms import Part, Terms
from mall import regions
from mall.errors import Invalid


class WindowInvalid(Invalid):
    """A promotion that ends before it starts."""

    code = "window_invalid"
    message = "结束时间必须晚于开始时间"


@transaction.atomic
def start(
    *,
    kind: str,
    label: str,
    starts_at: datetime,
    ends_at: datetime,
    product_ids: Collection[int] = (),
    category_ids: Collection[int] = (),
    brand_ids: Collection[int] = (),
    parts: Collection[tuple[int, int, int]] = (),
    campaign: Campaign | None = None,
    member_day: MemberDay | None = None,
    enabled: bool = True,
    limits: Mapping[str, int] | None = None,
    **figures: Any,
) -> Promotion:
    """Set up a promotion for the window ``[starts_at, ends_at)`` and return it.

    The scope follows from the ids given (of one sort; none means all goods). ``parts`` are (at least, SKU id,
    quantity) of gifts, or of a bundle with 0 in front. ``limits`` are ``total``, ``per_day``, ``per_member``
    and ``per_member_day``. ``figures`` are the columns that the kind uses, as in the model: ``steps`` as
    ``[[threshold, off_fen], …]`` (fen or, ``by_pieces``, pieces), ``off_bp``, ``cap_fen``, … ``regions`` may be
    named as operators do and are kept by their canonical names. Raises WindowInvalid, OfferInvalid, ScopeInvalid
    and RegionUnknown for what nobody could explain to a buyer.
    """
    if ends_at <= starts_at:
        raise WindowInvalid
    if figures.get("regions"):
        figures["regions"] = regions.read("\n".join(figures["regions"]))
    scope = _scope_of(product_ids, category_ids, brand_ids)
    terms.offer(
        Terms(
            ref="new",
            kind=kind,
            label=label,
            scope=scope,
            product_ids=product_ids,
            category_ids=category_ids,
            brand_ids=brand_ids,
            parts=titled(parts),
            **figures,
        ),
        at=starts_at,
    )
    promotion = Promotion.objects.create(
        kind=kind,
        label=label,
        starts_at=starts_at,
        ends_at=ends_at,
        scope=scope,
        campaign=campaign,
        member_day=member_day,
        enabled=enabled,
        **{f"limit_{name}": limit for name, limit in (limits or {}).items()},
        **figures,
    )
    promotion.products.set(product_ids)
    promotion.categories.set(category_ids)
    promotion.brands.set(brand_ids)
    replace_parts(promotion=promotion, parts=parts)
    return promotion


@transaction.atomic
def replace_parts(*, promotion: Promotion, parts: Collection[tuple[int, int, int]]) -> None:
    """Give a promotion these gifts or parts of a bundle, (at least, SKU id, quantity), instead of its own."""
    PromotionSku.objects.filter(promotion=promotion).delete()
    PromotionSku.objects.bulk_create(
        PromotionSku(promotion=promotion, at_least=at_least, sku_id=sku_id, quantity=quantity)
        for at_least, sku_id, quantity in parts
    )


def titled(parts: Collection[tuple[int, int, int]]) -> list[Part]:
    """The parts with the titles of their products: one statement. Raises Invalid for a SKU that is not there."""
    if not parts:
        return []
    sku_ids = {sku_id for _, sku_id, _ in parts}
    titles = dict(Sku.objects.filter(pk__in=sku_ids).values_list("pk", "product__title"))
    if missing := sku_ids - titles.keys():
        raise Invalid("赠品或套餐商品不存在", details={"sku_ids": sorted(missing)})
    return [
        Part(at_least=at_least, sku_id=sku_id, title=titles[sku_id], quantity=quantity)
        for at_least, sku_id, quantity in parts
    ]


def price_for_level(*, level_id: int, prices_fen: Mapping[int, int]) -> None:
    """Set a level's own price of these SKUs, by SKU id in fen; what it had for them before is replaced."""
    if any(price_fen < 0 for price_fen in prices_fen.values()):
        raise Invalid("会员价不能为负数")
    LevelPrice.objects.bulk_create(
        [
            LevelPrice(level_id=level_id, sku_id=sku_id, price_fen=price_fen)
            for sku_id, price_fen in prices_fen.items()
        ],
        update_conflicts=True,
        unique_fields=["level", "sku"],
        update_fields=["price_fen"],
    )


def _scope_of(
    product_ids: Collection[int], category_ids: Collection[int], brand_ids: Collection[int]
) -> Promotion.Scope:
    named = [
        (product_ids, Promotion.Scope.PRODUCTS),
        (category_ids, Promotion.Scope.CATEGORIES),
        (brand_ids, Promotion.Scope.BRANDS),
    ]
    scopes = [scope for ids, scope in named if ids]
    if len(scopes) > 1:
        raise Invalid("商品、类目和品牌只能选择一种适用范围")
    return scopes[0] if scopes else Promotion.Scope.ALL
