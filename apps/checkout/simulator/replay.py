"""Replaying one order: its basket as it was, priced with today's offers without and with a draft.

Prices, quantities and costs are the order's own. What the member held and spent (coupons, points) is replayed
as one coupon of the same amount on the same goods, and the freight as the fee that was charged or waived.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from apps.catalog import selectors as catalog
from apps.orders.models import Order, OrderLine
from mall.pricing import engine
from mall.pricing.basket import Basket, Buyer, ChargedBy, Destination, Freight, Line, Zone
from mall.pricing.offers import Coupon, Offer
from mall.pricing.quote import Quote
from mall.pricing.scope import Skus

_FREIGHT: Final = "order"
_HELD: Final = "held"
# The refs that today's offers stand for; everything else on an order's lines the member held.
_OFFERED: Final = ("promotion:", "level:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """An order's goods under some offers; money in fen.

    ``known_fen`` is what is paid for the goods whose cost is known, ``cost_fen`` what those cost us together
    with the gifts.
    """

    quote: Quote
    known_fen: int
    cost_fen: int
    gifts: int
    gift_cost_fen: int

    @property
    def margin_fen(self) -> int:
        """What is left of the price of goods with a known cost; negative for a loss."""
        return self.known_fen - self.cost_fen

    @property
    def labels(self) -> list[str]:
        """What the price is made of, for people."""
        gifts = {gift.label for gift in self.quote.gifts if gift.quantity}
        return [*(reduction.label for reduction in self.quote.applied), *sorted(gifts)]


def basket_of(order: Order) -> Basket | None:
    """The basket of an order, from its lines and their SKUs at hand; None where it bought nothing.

    Lines without a price are gifts: whether they are given again is for the offers to say.
    """
    lines = [line for line in order.lines.all() if line.unit_price_fen]
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


def held_by(order: Order) -> list[Offer]:
    """What the member gave for a lower price, as one coupon of the same amount; nothing for most orders."""
    amounts_fen = {
        line.sku_id: sum(
            reduction["amount_fen"]
            for reduction in line.reductions
            if not str(reduction["ref"]).startswith(_OFFERED)
        )
        for line in order.lines.all()
        if line.unit_price_fen
    }
    reduced = frozenset(sku_id for sku_id, amount_fen in amounts_fen.items() if amount_fen)
    if not reduced:
        return []
    return [Coupon(ref=_HELD, label="券与积分", off_fen=sum(amounts_fen.values()), scope=Skus(reduced))]


def price(order: Order, basket: Basket, offers: Sequence[Offer], gift_costs_fen: Mapping[int, int]) -> Priced:
    """The order's basket under these offers."""
    quote = engine.quote(basket, offers)
    costs_fen = {line.sku_id: line.cost_fen for line in order.lines.all() if line.unit_price_fen}
    known = [item for item in quote.items if costs_fen[item.sku_id] is not None]
    gift_cost_fen = sum(gift_costs_fen.get(gift.sku_id, 0) * gift.quantity for gift in quote.gifts)
    return Priced(
        quote=quote,
        known_fen=sum(item.payable_fen for item in known),
        cost_fen=sum((costs_fen[item.sku_id] or 0) * item.quantity for item in known) + gift_cost_fen,
        gifts=sum(gift.quantity for gift in quote.gifts),
        gift_cost_fen=gift_cost_fen,
    )


def _waived_fen(order: Order) -> int:
    """The freight that offers waived: what they took off the order and not off its lines."""
    applied_fen = sum(reduction["amount_fen"] for reduction in order.applied)
    lines_fen = sum(reduction["amount_fen"] for line in order.lines.all() for reduction in line.reductions)
    return max(0, applied_fen - lines_fen)


def _line(line: OrderLine) -> Line:
    product = line.sku.product
    return Line(
        sku_id=line.sku_id,
        product_id=product.pk,
        category_ids=catalog.category_ids_of(product),
        brand_id=product.brand_id,
        title=line.title,
        quantity=line.quantity,
        unit_price_fen=line.unit_price_fen,
        freight_ref=_FREIGHT,
    )
