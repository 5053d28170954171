"""What every campaign must keep before it is saved: a window, a title, known extras, prices that make sense."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Final

from apps.catalog.models import Sku
from apps.promotions import services as promotions
from apps.promotions.models import PriceFloor
from mall.errors import Fault
from mall.money import yuan

# What may go with an activity's price; free postage always may. The words of the contract (``combines``).
EXTRAS: Final = {
    "promotions": "满减等促销",
    "member_price": "会员价",
    "coupon": "优惠券",
    "points": "积分抵扣",
    "balance": "储值支付",
}


def faults_of(
    *, starts_at: datetime, ends_at: datetime, preheat_at: datetime | None, combines: Collection[str]
) -> Iterator[Fault]:
    """What is wrong with a campaign's window and extras."""
    if ends_at <= starts_at:
        yield Fault("ends_at", "结束时间必须晚于开始时间")
    if preheat_at is not None and preheat_at > starts_at:
        yield Fault("preheat_at", "预热开始不能晚于活动开始")
    for extra in sorted(set(combines) - EXTRAS.keys()):
        yield Fault("combines", f"没有这种可同享的优惠：{extra}")


def price_faults(
    prices_fen: Mapping[int, int], *, field: str = "skus", free: bool = False
) -> tuple[list[Fault], list[str]]:
    """What is wrong with these prices (fen, by SKU id), and what the price floor warns of: two statements.

    A price must be lower than the list price and, unless ``free``, above nothing. The floor of ``promotions``
    refuses or warns, as it is set.
    """
    skus = {sku.pk: sku for sku in Sku.objects.filter(pk__in=list(prices_fen)).select_related("product")}
    floor = promotions.present_floor()
    faults, warnings = [], []
    for sku_id, price_fen in prices_fen.items():
        sku = skus.get(sku_id)
        if sku is None:
            faults.append(Fault(field, f"没有这个商品规格：{sku_id}"))
            continue
        named = f"「{sku.product.title}」（{sku.code}）"
        if price_fen < (0 if free else 1):
            faults.append(Fault(field, f"{named}活动价必须大于 0"))
        elif price_fen >= sku.price_fen:
            faults.append(Fault(field, f"{named}活动价必须低于原价 ¥{yuan(sku.price_fen)}"))
        elif sku.cost_fen is not None:
            lowest_fen = promotions.floor_fen(
                cost_fen=sku.cost_fen, list_fen=sku.price_fen, above_cost_bp=floor.above_cost_bp
            )
            if price_fen < lowest_fen:
                said = f"{named}活动价 ¥{yuan(price_fen)} 低于底价 ¥{yuan(lowest_fen)}"
                if floor.mode == PriceFloor.Mode.REFUSE:
                    faults.append(Fault(field, f"会突破价格底线：{said}"))
                else:
                    warnings.append(f"注意价格底线：{said}")
    return faults, warnings
