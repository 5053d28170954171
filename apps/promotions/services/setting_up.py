"""Setting up promotions from a program: the demo shop, imports, tests. The same rules as for operators."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from apps.catalog import scopes
from apps.catalog.models import Sku
from apps.promotions.drafts import PromotionDraft
from apps.promotions.models import Campaign, LevelPrice, MemberDay, Promotion
from apps.promotions.services import saving
from mall import money
from mall.errors import Fault, Faulty


class LevelPriceRefused(Faulty):
    """A member price that is none."""

    code = "level_price_refused"


def start(
    *,
    kind: str,
    label: str,
    starts_at: datetime,
    ends_at: datetime,
    product_ids: Collection[int] = (),
    sku_ids: Collection[int] = (),
    category_ids: Collection[int] = (),
    brand_ids: Collection[int] = (),
    campaign: Campaign | None = None,
    member_day: MemberDay | None = None,
    limits: Mapping[str, int] | None = None,
    **figures: Any,
) -> Promotion:
    """Set up a promotion for the window ``[starts_at, ends_at)`` and return it.

    The scope follows from the ids given (of one sort; none means all goods). ``limits`` are ``total``,
    ``per_day``, ``per_member`` and ``per_member_day``, ``figures`` what else a ``PromotionDraft`` says. Raises
    Invalid, and PromotionRefused for what nobody could explain to a buyer.
    """
    counts: dict[str, Any] = {f"limit_{name}": limit for name, limit in (limits or {}).items()}
    draft = PromotionDraft(
        kind=kind,
        label=label,
        starts_at=starts_at,
        ends_at=ends_at,
        goods=scopes.meant(
            product_ids=product_ids, sku_ids=sku_ids, category_ids=category_ids, brand_ids=brand_ids
        ),
        campaign_id=campaign.pk if campaign else None,
        member_day_id=member_day.pk if member_day else None,
        **counts,
        **figures,
    )
    return saving.save(draft, at=starts_at).promotion


def check_level_price(*, sku: Sku, price_fen: int) -> None:
    """A member price that is no advantage is a mistake. Raises LevelPriceRefused."""
    if price_fen >= sku.price_fen:
        raise LevelPriceRefused([Fault("price_fen", f"会员价必须低于售价 ¥{money.yuan(sku.price_fen)}")])


def price_for_level(*, level_id: int, prices_fen: Mapping[int, int]) -> None:
    """Set a level's own price of these SKUs, by SKU id in fen; what it had for them before is replaced.

    Raises LevelPriceRefused for one that is not below the price of everybody.
    """
    skus = Sku.objects.in_bulk(list(prices_fen))
    for sku_id, price_fen in prices_fen.items():
        if price_fen < 0:
            raise LevelPriceRefused([Fault("price_fen", "会员价不能为负数")])
        if sku_id not in skus:
            raise LevelPriceRefused([Fault("sku", f"没有这个 SKU：{sku_id}")])
        check_level_price(sku=skus[sku_id], price_fen=price_fen)
    LevelPrice.objects.bulk_create(
        [
            LevelPrice(level_id=level_id, sku_id=sku_id, price_fen=price_fen)
            for sku_id, price_fen in prices_fen.items()
        ],
        update_conflicts=True,
        unique_fields=["level", "sku"],
        update_fields=["price_fen"],
    )
