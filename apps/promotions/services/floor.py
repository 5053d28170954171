"""The price floor: how low promotions may take a price, asked when one is saved and when an order is placed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from django.db.models import BigIntegerField, F, Func
from django.db.models.functions import NullIf

from apps.base import judging, versions
from apps.catalog import selectors as catalog_facts
from apps.catalog.models import Sku
from apps.promotions import selectors as promotion_facts
from apps.promotions import terms, worst_cases
from apps.promotions.models import PriceFloor, Promotion
from apps.promotions.terms import Terms
from mall import money
from mall.errors import Fault, Faulty, Kind, ShopError
from mall.pricing.basket import Line
from mall.pricing.quote import Item

# So many SKUs are looked at when a promotion is saved, those with the thinnest margin first.
MOST_WARES: Final = 2000


class BelowFloor(ShopError):
    """Promotions would take goods below the price floor; ``details`` has their ``sku_ids``."""

    code = "below_floor"
    message = "部分商品优惠异常，暂时无法下单，请联系客服"
    kind = Kind.CONFLICT


class Breach(NamedTuple):
    """Goods below their floor: what a unit would be paid with, and what it must be, in fen."""

    sku_id: int
    title: str
    unit_fen: int
    floor_fen: int

    @property
    def sentence(self) -> str:
        """For operators."""
        return f"「{self.title}」单价 {money.priced(self.unit_fen)}，低于底价 {money.priced(self.floor_fen)}"


_FLOOR: Final = versions.Kept(
    "promotions", load=lambda: PriceFloor.objects.order_by("id").first() or PriceFloor(pk=1)
)


def present_floor() -> PriceFloor:
    """The floor as it is set; a warning at cost where nobody has set one. It is kept: do not change it."""
    return _FLOOR.value()


class PriceFloorRefused(Faulty):
    """A floor that is none."""

    code = "price_floor_refused"


def check_price_floor(floor: PriceFloor) -> None:
    """Hold a floor against what a floor can be. Raises PriceFloorRefused."""
    judging.refuse(PriceFloorRefused, floor, _of_floor(floor), exclude={"id"})


def set_floor(*, mode: str, above_cost_bp: int = 0) -> None:
    """Set the floor to cost, or so much above it. Raises PriceFloorRefused."""
    check_price_floor(PriceFloor(pk=1, mode=mode, above_cost_bp=above_cost_bp))
    PriceFloor.objects.update_or_create(pk=1, defaults={"mode": mode, "above_cost_bp": above_cost_bp})


def _of_floor(floor: PriceFloor) -> Iterator[Fault]:
    if not 0 <= floor.above_cost_bp <= 10 * money.WHOLE_BP:
        yield Fault("above_cost_bp", "底价最多为成本之上 1000%")


def floor_fen(*, cost_fen: int, list_fen: int, above_cost_bp: int) -> int:
    """How low a unit may go, in fen: cost and what must be above it, but never more than the list price.

    Goods that are listed below the floor were priced so by somebody; they may be sold at that, not for less.
    """
    return min(money.share_bp(cost_fen, bp=money.WHOLE_BP + above_cost_bp), list_fen)


def check_floor(*, items: Iterable[Item], costs_fen: Mapping[int, int | None] | None = None) -> list[str]:
    """The sentences for the order's note, one for each line of a quote that lies below the floor.

    ``costs_fen`` is the unit cost by SKU id (read where it is not given: one more statement); goods whose
    cost nobody knows have no floor. Gifts are no lines and are not asked about. Raises BelowFloor where the
    floor refuses.
    """
    lines = list(items)
    known = costs_fen
    if known is None:
        ids = [item.sku_id for item in lines]
        known = dict(Sku.objects.filter(pk__in=ids).values_list("pk", "cost_fen"))
    floor = present_floor()
    found = []
    for item in lines:
        cost_fen = known.get(item.sku_id)
        if cost_fen is None:
            continue
        lowest_fen = floor_fen(
            cost_fen=cost_fen, list_fen=item.unit_price_fen, above_cost_bp=floor.above_cost_bp
        )
        if item.payable_fen < lowest_fen * item.quantity:
            unit_fen = money.split_units(item.payable_fen, item.quantity)[-1]
            found.append(Breach(item.sku_id, item.title, unit_fen, lowest_fen))
    if found and floor.mode == PriceFloor.Mode.REFUSE:
        raise BelowFloor(details={"sku_ids": [breach.sku_id for breach in found]})
    return [breach.sentence for breach in found]


def breaches(offered: Terms, *, at: datetime) -> list[Breach]:
    """The goods that a promotion alone could take below the floor, the thinnest margins first: ≤ 3 statements.

    Each is tried in the basket that is worst for it. What happens where several promotions meet is for the
    simulation to show.
    """
    offer = terms.offer(offered, at=at)
    if offer is None:
        return []
    floor = present_floor()
    skus = {sku.pk: sku for sku in wares(offered)}
    gifts = [part.sku_id for part in offered.parts] if offered.kind == Promotion.Kind.GIFT else []
    worst = worst_cases.unit_prices_fen(
        offer, [_line(sku) for sku in skus.values()], gift_costs_fen=costs_of(gifts)
    )
    found = []
    for sku_id, unit_fen in worst.items():
        sku = skus[sku_id]
        if sku.cost_fen is None:
            continue
        lowest_fen = floor_fen(
            cost_fen=sku.cost_fen, list_fen=sku.price_fen, above_cost_bp=floor.above_cost_bp
        )
        if unit_fen < lowest_fen:
            found.append(Breach(sku_id, sku.product.title, unit_fen, lowest_fen))
    return found


def lowest_prices_fen(skus: Collection[Sku], *, at: datetime) -> dict[int, int]:
    """The least that a unit of each SKU may be paid with at this moment, by its id: under any one promotion, or none.

    Each promotion in the basket that is worst for the SKU, as ``breaches`` tries it; three statements.
    """
    found = {sku.pk: sku.price_fen for sku in skus}
    lines = [_line(sku) for sku in skus]
    for offer in promotion_facts.live(at=at):
        for sku_id, unit_fen in worst_cases.unit_prices_fen(offer, lines).items():
            found[sku_id] = min(found[sku_id], unit_fen)
    return found


def costs_of(sku_ids: Collection[int]) -> dict[int, int]:
    """The unit costs of SKUs, in fen, by id; those that nobody knows are missing. One statement, if any."""
    if not sku_ids:
        return {}
    costed = Sku.objects.filter(pk__in=sku_ids, cost_fen__isnull=False).values_list("pk", "cost_fen")
    return {sku_id: cost_fen for sku_id, cost_fen in costed if cost_fen is not None}


def wares(offered: Terms) -> list[Sku]:
    """The SKUs on sale that a promotion means, those with the thinnest margin first, at most ``MOST_WARES``."""
    rows = Sku.objects.filter(enabled=True, product__on_sale=True)
    if offered.kind == Promotion.Kind.BUNDLE:
        rows = rows.filter(pk__in=[part.sku_id for part in offered.parts])
    elif offered.scope == Promotion.Scope.PRODUCTS:
        rows = rows.filter(product_id__in=offered.product_ids)
    elif offered.scope == Promotion.Scope.SKUS:
        rows = rows.filter(pk__in=offered.sku_ids)
    elif offered.scope == Promotion.Scope.BRANDS:
        rows = rows.filter(product__brand_id__in=offered.brand_ids)
    cost_bp = Func(
        F("cost_fen") * money.WHOLE_BP, NullIf("price_fen", 0), function="div", output_field=BigIntegerField()
    )
    thinnest = rows.select_related("product__category").order_by(cost_bp.desc(nulls_last=True), "id")
    if offered.scope != Promotion.Scope.CATEGORIES or offered.kind == Promotion.Kind.BUNDLE:
        return list(thinnest[:MOST_WARES])
    wanted = set(offered.category_ids)
    return [sku for sku in thinnest if not wanted.isdisjoint(catalog_facts.category_ids_of(sku.product))][
        :MOST_WARES
    ]


def _line(sku: Sku) -> Line:
    return Line(
        sku_id=sku.pk,
        product_id=sku.product_id,
        category_ids=catalog_facts.category_ids_of(sku.product),
        brand_id=sku.product.brand_id,
        title=sku.product.title,
        quantity=1,
        unit_price_fen=sku.price_fen,
    )
