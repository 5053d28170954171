"""Replaying one order: its basket as it was, priced with today's offers without and with a draft.

Prices, quantities and costs are the order's own, so are the coupon and the points that it used. The freight is
the fee that was charged or waived.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from uuid import UUID

from apps.catalog import selectors as catalog_facts
from apps.orders.models import Order, OrderLine
from apps.points import deduction
from apps.points.models import Rules
from mall import money
from mall.pricing import engine, refs
from mall.pricing.basket import Basket, Buyer, ChargedBy, Destination, Freight, Line, Zone
from mall.pricing.offers import AnyCoupon, Coupon, FreePostage, FreightCoupon, Gift, Offer
from mall.pricing.quote import Quote
from mall.pricing.refs import Ref
from mall.pricing.scope import Skus

_FREIGHT: Final = "order"
_HELD: Final = "held"
# The kinds of reductions that today's offers stand for; everything else on an order's lines the member held.
_OFFERED: Final = frozenset({refs.PROMOTION, refs.LEVEL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """An order's goods under some offers; money in fen.

    ``known_fen`` is what is paid for the goods whose cost is known, ``cost_fen`` what those cost us together
    with the gifts, ``commission_fen`` what promoters get of what is paid for them.
    """

    quote: Quote
    known_fen: int
    cost_fen: int
    commission_fen: int = 0

    @property
    def margin_fen(self) -> int:
        """What is left of the price of goods with a known cost; negative for a loss."""
        return self.known_fen - self.cost_fen - self.commission_fen

    def taken_fen(self, ref: str) -> int:
        """What the offer with this ref takes off, goods and freight."""
        return sum(reduction.amount_fen for reduction in self.quote.applied if reduction.ref == ref)

    def gives(self, ref: str) -> bool:
        """Whether the offer does anything for the buyer: that is what its limits count."""
        given = any(gift.quantity for gift in self.quote.gifts if gift.ref == ref)
        return given or any(reduction.ref == ref for reduction in self.quote.applied)

    @property
    def parts(self) -> list[tuple[str, int]]:
        """What the price is made of, for people: labels with what they take off, gifts with nothing."""
        on_goods = {reduction.ref for item in self.quote.items for reduction in item.reductions}
        gifts = {gift.label for gift in self.quote.gifts if gift.quantity}
        return [
            *(
                (part.label if part.ref in on_goods else f"{part.label}（运费）", part.amount_fen)
                for part in self.quote.applied
            ),
            *((label, 0) for label in sorted(gifts)),
        ]


def basket_of(order: Order) -> Basket | None:
    """The basket of an order, from its lines and their SKUs at hand; None where it bought nothing.

    Lines without a price are gifts: whether they are given again is for the offers to say. No offer is on packing.
    """
    lines = [line for line in order.lines.all() if line.unit_price_fen and not line.is_packing]
    if not lines:
        return None
    fee_fen = order.shipping_fen + _waived_fen(order)
    freight = Freight(
        ref=_FREIGHT,
        label="运费",
        charged_by=ChargedBy.PIECE,
        default=Zone(first_units=1, first_fee_fen=fee_fen, next_units=1, next_fee_fen=0),
    )
    names = {part: str(order.address.get(part, "")) for part in ("province", "city", "district")}
    return Basket(
        lines=tuple(_line(line) for line in lines),
        buyer=Buyer(level_id=order.member.level_id),
        destination=Destination(**names),
        freights=(freight,),
    )


def held_by(order: Order, *, coupons: Mapping[str, AnyCoupon], rules: Rules) -> list[Offer]:
    """What the member gave for a lower price: the coupon of the order, and as many points as it used.

    Both may do less beside a draft than they did: a coupon falls away below its threshold, points pay no more
    than their share of the goods. What nobody can offer again (a coupon whose template lost its goods) is
    replayed as one coupon of the amount that it paid.
    """
    used = {row.ref for row in order.reductions.all()}
    again: list[Offer] = [offer for ref in used if ref and (offer := coupons.get(str(ref)))]
    explained = {refs.points(), *(refs.read(offer.ref) for offer in again)}
    if order.points_used and refs.points() in used:
        points = deduction.offer_of(order.points_used, rules=rules)
        again += [points] if points else []
    return [*again, *_as_paid(order, explained)]


def coupon_ids_of(orders: Iterable[Order]) -> set[UUID]:
    """The public ids of the coupons that made these orders cheaper, from their reductions at hand."""
    used = (row.ref for order in orders for row in order.reductions.all())
    return {ref.public_id for ref in used if ref and ref.public_id}


def _as_paid(order: Order, explained: Collection[Ref | None]) -> list[Offer]:
    bought = {line.pk: line.sku_id for line in order.lines.all() if line.unit_price_fen}
    amounts_fen: Counter[int] = Counter()
    for row in order.reductions.all():
        if row.line_id in bought and row.kind not in _OFFERED and row.ref not in explained:
            amounts_fen[bought[row.line_id]] += row.amount_fen
    if not amounts_fen:
        return []
    return [
        Coupon(ref=_HELD, label="优惠券", off_fen=amounts_fen.total(), scope=Skus(frozenset(amounts_fen)))
    ]


def concerns(offer: Offer, basket: Basket) -> bool:
    """Whether the offer means anything in the basket; one on the freight means it all."""
    return isinstance(offer, FreePostage | FreightCoupon) or any(map(offer.scope.covers, basket.lines))


def sold_out(offer: Offer, quote: Quote) -> bool:
    """Whether the basket reached the gifts of an offer of which nothing was left."""
    if not isinstance(offer, Gift):
        return False
    reasons = {offer.sold_out(step).reason for step in offer.steps}
    return any(refusal.ref == offer.ref and refusal.reason in reasons for refusal in quote.declined)


def price(
    order: Order,
    basket: Basket,
    offers: Sequence[Offer],
    gift_costs_fen: Mapping[int, int],
    rates_bp: Mapping[int, Sequence[int]] = MappingProxyType({}),
) -> Priced:
    """The order's basket under these offers; ``rates_bp`` are the commissions that its lines paid, by line id."""
    quote = engine.quote(basket, offers)
    costs_fen = {line.sku_id: line.cost_fen for line in order.lines.all() if line.unit_price_fen}
    known = [item for item in quote.items if costs_fen[item.sku_id] is not None]
    paid_bp = {line.sku_id: rates_bp.get(line.pk, ()) for line in order.lines.all() if line.unit_price_fen}
    gift_cost_fen = sum(gift_costs_fen.get(gift.sku_id, 0) * gift.quantity for gift in quote.gifts)
    return Priced(
        quote=quote,
        known_fen=sum(item.payable_fen for item in known),
        cost_fen=sum((costs_fen[item.sku_id] or 0) * item.quantity for item in known) + gift_cost_fen,
        commission_fen=sum(
            money.share_bp(item.payable_fen, bp=bp) for item in known for bp in paid_bp[item.sku_id]
        ),
    )


def _waived_fen(order: Order) -> int:
    """The freight that offers waived: what they took off the order and not off its lines."""
    return sum(row.amount_fen for row in order.reductions.all() if row.line_id is None)


def _line(line: OrderLine) -> Line:
    product = line.sku.product
    return Line(
        sku_id=line.sku_id,
        product_id=product.pk,
        category_ids=catalog_facts.category_ids_of(product),
        brand_id=product.brand_id,
        title=line.title,
        quantity=line.quantity,
        unit_price_fen=line.unit_price_fen,
        freight_ref=_FREIGHT,
    )
