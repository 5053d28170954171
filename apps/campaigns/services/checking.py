"""What every campaign must keep before it is saved: a window, a title, known extras, prices that make sense."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from apps.catalog.models import Product, Sku
from apps.promotions import services as promotions
from apps.promotions.models import PriceFloor
from mall.errors import Fault
from mall.money import priced

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


class Sold(NamedTuple):
    """SKUs that an order may have together: so many units of them a member, so many in all, None for any number.

    ``field`` is where a form asks for those numbers.
    """

    sku_ids: Collection[int]
    limit: int | None
    quota: int | None
    field: str = "skus"


def price_faults(
    prices_fen: Mapping[int, int],
    *,
    sold: Iterable[Sold],
    field: str = "skus",
    free: bool = False,
    at_list: bool = False,
) -> tuple[list[Fault], list[str]]:
    """What is wrong with these prices (fen, by SKU id) and with how many are ``sold``, and what is to be thought of: two
    statements.

    A limit or quota below what the product must be bought in (起购数量) would sell nothing, and is refused; one that is no
    multiple of its step leaves units that nobody can buy, and is warned of. A price must be lower than the list price
    (``at_list``: not above it) and, unless ``free``, above nothing. The floor of ``promotions`` refuses or warns, as it
    is set.
    """
    skus = {sku.pk: sku for sku in Sku.objects.filter(pk__in=list(prices_fen)).select_related("product")}
    floor = promotions.present_floor()
    faults, warnings = _quantity_faults(sold, {sku.pk: sku.product for sku in skus.values()})
    for sku_id, price_fen in prices_fen.items():
        sku = skus.get(sku_id)
        if sku is None:
            faults.append(Fault(field, f"没有这个商品规格：{sku_id}"))
            continue
        named = f"「{sku.product.title}」（{sku.code}）"
        if price_fen < (0 if free else 1):
            faults.append(Fault(field, f"{named}活动价必须大于 0"))
        elif price_fen >= sku.price_fen + at_list:
            must = "不能高于" if at_list else "必须低于"
            faults.append(Fault(field, f"{named}活动价{must}原价 {priced(sku.price_fen)}"))
        elif sku.cost_fen is not None:
            lowest_fen = promotions.floor_fen(
                cost_fen=sku.cost_fen, list_fen=sku.price_fen, above_cost_bp=floor.above_cost_bp
            )
            if price_fen < lowest_fen:
                said = f"{named}活动价 {priced(price_fen)} 低于底价 {priced(lowest_fen)}"
                if floor.mode == PriceFloor.Mode.REFUSE:
                    faults.append(Fault(field, f"会突破价格底线：{said}"))
                else:
                    warnings.append(f"注意价格底线：{said}")
    return faults, warnings


def _quantity_faults(sold: Iterable[Sold], products: Mapping[int, Product]) -> tuple[list[Fault], list[str]]:
    """Between how many a campaign sells and how many of the product an order must have."""
    faults, warnings = [], []
    for goods in sold:
        for product in {products[sku_id] for sku_id in goods.sku_ids if sku_id in products}:
            least, step = product.min_quantity, product.quantity_step
            for called, units in (("每人限购", goods.limit), ("活动数量", goods.quota)):
                if not units:
                    continue  # any number, or none at all, which its own field refuses
                if units < least:
                    faults.append(
                        Fault(
                            goods.field,
                            f"「{product.title}」{least} 件起购，{called} {units} 件，没有人能下单",
                        )
                    )
                elif units % step:
                    warnings.append(
                        f"「{product.title}」按 {step} 的倍数购买，{called} {units} 件中有 {units % step} 件买不到"
                    )
    return faults, warnings
