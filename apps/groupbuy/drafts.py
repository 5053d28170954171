"""A group-buy as an operator or a file says it, and what is wrong with that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Final

from django.conf import settings

from apps.campaigns.drafts import CampaignDraft
from apps.catalog.models import Sku
from apps.groupbuy.terms import LEADER, Terms
from mall.errors import Fault

# Two make a group; what one alone pays is the list price.
SMALLEST: Final = 2
# WeChat frowns on teams of more (运营规范 5.1.8 组团: 超过 5 人).
WECHATS_LARGEST: Final = 5
LONGEST_MINUTES: Final = 30 * 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft(CampaignDraft):
    """What a group-buy is to be. ``ladders`` are prices in fen by SKU id and number of people.

    ``terms.LEADER`` people: the price of whoever opens.
    """

    apart: ClassVar[frozenset[str]] = frozenset({"ladders"})

    ladders: Mapping[int, Mapping[int, int]]
    minutes_per_group: int = 1440
    limit_per_member: int | None = None
    quota: int | None = None
    newcomers_only: bool = False


def faults_of(draft: Draft) -> Iterator[Fault]:
    """What is wrong with its figures, prices against list prices and the price floor apart: one query."""
    if not 1 <= draft.minutes_per_group <= LONGEST_MINUTES:
        yield Fault("minutes_per_group", f"成团时限应为 1 到 {LONGEST_MINUTES} 分钟")
    for name, units in (("limit_per_member", draft.limit_per_member), ("quota", draft.quota)):
        if units is not None and units < 1:
            yield Fault(name, "应为正整数，不限请留空")
    if not draft.ladders:
        yield Fault("skus", "请至少设置一个商品规格的拼团价")
        return
    yield from _goods_faults(draft)
    yield from _ladder_faults(Terms(draft.ladders))


def _goods_faults(draft: Draft) -> Iterator[Fault]:
    """The goods are of one product; whether there are such goods is asked with their prices."""
    of_products = Sku.objects.filter(pk__in=draft.ladders).order_by().values("product_id").distinct()
    if of_products.count() > 1:
        yield Fault("skus", "一个拼团活动只能有同一商品的规格")


def _ladder_faults(terms: Terms) -> Iterator[Fault]:
    sizes = {tuple(size for size in sorted(ladder) if size != LEADER) for ladder in terms.ladders.values()}
    if len(sizes) > 1:
        yield Fault("skus", "各规格的阶梯人数必须一致，同一个团里可以选不同规格")
    for steps in sizes:
        if not steps:
            yield Fault("skus", "请至少设置一个成团人数的价格")
            return
        if steps[0] < SMALLEST:
            yield Fault("skus", f"成团人数不能少于 {SMALLEST} 人")
        if steps[-1] > settings.GROUP_BUY_LARGEST:
            yield Fault("skus", _too_large())
    for ladder in terms.ladders.values():
        prices_fen = [ladder[size] for size in sorted(ladder) if size != LEADER]
        if any(later > earlier for earlier, later in pairwise(prices_fen)):
            yield Fault("skus", "人数越多，价格不能越高")
        if LEADER in ladder and ladder[LEADER] > prices_fen[0]:
            yield Fault("skus", "团长价不能高于成团价")


def _too_large() -> str:
    largest = settings.GROUP_BUY_LARGEST
    said = f"成团人数不能超过 {largest} 人"
    if largest == WECHATS_LARGEST:
        said += "：微信运营规范 5.1.8 不允许诱导超过 5 人组团；确有依据可调整 GROUP_BUY_LARGEST"
    return said
