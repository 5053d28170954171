"""Common sense: what an offer's own figures cannot show, held against the prices of the goods that it means. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from apps.catalog.models import Sku
from apps.promotions.models import Promotion
from apps.promotions.terms import Terms
from mall import money


def objections(offered: Terms, wares: Sequence[Sku]) -> Iterator[str]:
    """Why the offer would help nobody, in Chinese. ``wares`` are the SKUs on sale that it means."""
    match offered.kind:
        case Promotion.Kind.BUNDLE:
            yield from _dear_bundle(offered, wares)
        case Promotion.Kind.N_FOR_M:
            yield from _dear_set(offered, wares)
        case Promotion.Kind.FIXED:
            yield from _dear_special(offered, wares)


def _dear_bundle(offered: Terms, wares: Sequence[Sku]) -> Iterator[str]:
    prices_fen = {sku.pk: sku.price_fen for sku in wares}
    if missing := "」「".join(part.title for part in offered.parts if part.sku_id not in prices_fen):
        yield f"套餐商品「{missing}」未上架"
        return
    apart_fen = sum(prices_fen[part.sku_id] * part.quantity for part in offered.parts)
    if (offered.price_fen or 0) >= apart_fen:
        yield f"套餐价必须低于单独购买的总价 {money.priced(apart_fen)}"


def _dear_set(offered: Terms, wares: Sequence[Sku]) -> Iterator[str]:
    """N pieces can cost at most N times the dearest: at that, nobody saves anything."""
    if not wares or not offered.pieces:
        return
    dearest_fen = max(sku.price_fen for sku in wares) * offered.pieces
    if (offered.price_fen or 0) >= dearest_fen:
        yield f"范围内最贵的 {offered.pieces} 件也只要 {money.priced(dearest_fen)}，总价必须更低"


def _dear_special(offered: Terms, wares: Sequence[Sku]) -> Iterator[str]:
    if not wares or offered.price_fen is None:
        return
    dearest_fen = max(sku.price_fen for sku in wares)
    if offered.price_fen >= dearest_fen:
        yield f"特价必须低于售价，范围内最贵的商品售价 {money.priced(dearest_fen)}"
