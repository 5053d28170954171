"""Setting up promotions from a program: the demo shop, imports, tests. The same rules as for operators."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from apps.base import judging
from apps.catalog import scopes
from apps.catalog.models import Sku
from apps.members.models import Group
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
    group: Group | None = None,
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
        group_id=group.pk if group else None,
        **counts,
        **figures,
    )
    return saving.save(draft, at=starts_at).promotion


def check_level_price(price: LevelPrice) -> None:
    """Hold a new or changed member price against everybody's price: it must be lower. Raises LevelPriceRefused."""
    judging.refuse(LevelPriceRefused, price, _of_level_price(price))


def save_level_price(price: LevelPrice) -> LevelPrice:
    """Save a level's own price of one SKU. Raises LevelPriceRefused."""
    check_level_price(price)
    price.save()
    return price


def price_for_level(*, level_id: int, prices_fen: Mapping[int, int]) -> None:
    """Set a level's own price of these SKUs, by SKU id in fen; what it had for them before is replaced.

    Raises LevelPriceRefused for one that is not below the price of everybody.
    """
    skus = Sku.objects.in_bulk(list(prices_fen))
    made = []
    for sku_id, price_fen in prices_fen.items():
        if price_fen < 0:
            raise LevelPriceRefused([Fault("price_fen", "会员价不能为负数")])
        if sku_id not in skus:
            raise LevelPriceRefused([Fault("sku", f"没有这个 SKU：{sku_id}")])
        price = LevelPrice(level_id=level_id, sku=skus[sku_id], price_fen=price_fen)
        if faults := list(_of_level_price(price)):
            raise LevelPriceRefused(faults)
        made.append(price)
    LevelPrice.objects.bulk_create(
        made, update_conflicts=True, unique_fields=["level", "sku"], update_fields=["price_fen"]
    )


def _of_level_price(price: LevelPrice) -> Iterator[Fault]:
    if price.price_fen < 0:
        yield Fault("price_fen", "会员价不能为负数")
    elif price.price_fen >= price.sku.price_fen:
        yield Fault("price_fen", f"会员价必须低于售价 {money.priced(price.sku.price_fen)}")
