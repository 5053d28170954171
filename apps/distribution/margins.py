"""Whether goods still pay for themselves with a commission on top of what promotions take off: against the price floor."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet

from apps.catalog.models import Sku
from apps.distribution.models import RateRule
from apps.promotions.models import PriceFloor
from apps.promotions.services import floor
from mall import money


class Shortfall(NamedTuple):
    """Goods of which less than the floor is left once the commission is paid, in fen of a unit."""

    title: str
    left_fen: int
    floor_fen: int

    @property
    def sentence(self) -> str:
        """For operators."""
        return f"「{self.title}」扣除佣金后剩 {money.priced(self.left_fen)}，低于底价 {money.priced(self.floor_fen)}"


def refuses() -> bool:
    """Whether the price floor refuses what is below it, or only tells."""
    return floor.present_floor().mode == PriceFloor.Mode.REFUSE


def shortfalls(rule: RateRule, *, at: datetime) -> list[Shortfall]:
    """The goods on sale that both levels of a rate would leave below the floor, at the least that promotions leave."""
    skus = list(_goods(rule).select_related("product__category").order_by("id")[: floor.MOST_WARES])
    rate_bp, above_bp = rule.first_bp + rule.second_bp, floor.present_floor().above_cost_bp
    paid_fen = floor.lowest_prices_fen(skus, at=at)
    found = []
    for sku in skus:
        if sku.cost_fen is None:
            continue
        lowest_fen = floor.floor_fen(cost_fen=sku.cost_fen, list_fen=sku.price_fen, above_cost_bp=above_bp)
        left_fen = paid_fen[sku.pk] - money.share_bp(paid_fen[sku.pk], bp=rate_bp)
        if left_fen < lowest_fen:
            found.append(Shortfall(sku.product.title, left_fen, lowest_fen))
    return found


def _goods(rule: RateRule) -> QuerySet[Sku]:
    rows = Sku.objects.filter(enabled=True, product__on_sale=True, cost_fen__isnull=False)
    if rule.product_id is not None:
        return rows.filter(product_id=rule.product_id)
    path = rule.category.path if rule.category else "/"
    return rows.filter(product__category__path__startswith=path)
