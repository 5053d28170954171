"""What one unit costs at an activity's price, for operators who look before they approve: the same quote as an order's."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from apps.catalog import selectors as catalog_facts
from apps.checkout import activities, quoting
from apps.checkout.activities import Admission, Extra, Ticket
from apps.promotions import selectors as promotion_facts
from mall.money import yuan
from mall.pricing import engine
from mall.pricing.basket import Basket, Buyer
from mall.pricing.offers import ActivityPrice
from mall.pricing.scope import Skus


def priced(
    *,
    kind: str,
    label: str,
    prices_fen: Mapping[int, tuple[int, int]],
    combines: Collection[str],
    at: datetime,
) -> list[str]:
    """A sentence for each activity of ``prices_fen`` (its id → SKU id, price in fen): one unit, a buyer without a level,
    freight left out, every offer of this moment.
    """
    skus = catalog_facts.skus({sku_id for sku_id, _ in prices_fen.values()})
    offers = promotion_facts.offers_for(member=None, at=at, sku_ids=list(skus))
    told = []
    for activity_id, (sku_id, price_fen) in prices_fen.items():
        ticket = Ticket(kind=kind, id=activity_id)
        admission = Admission(
            ticket=ticket,
            title=label,
            price=ActivityPrice(
                ref=ticket.ref,
                label=label,
                prices_fen={sku_id: price_fen},
                scope=Skus(frozenset({sku_id})),
            ),
            combines=frozenset(map(Extra, combines)),
        )
        basket = Basket(lines=(quoting.line(skus[sku_id], 1),), buyer=Buyer(level_id=None))
        quote = engine.quote(basket, activities.with_activity(offers, admission))
        taken = "，".join(f"{one.label} −¥{yuan(one.amount_fen)}" for one in quote.applied) or "无优惠"
        apart = "、".join(one.label for one in quote.declined if one.reason == f"不与{label}同享")
        told.append(
            f"{skus[sku_id].product.title}：原价 ¥{yuan(skus[sku_id].price_fen)}，{taken}，"
            f"实付 ¥{yuan(quote.payable_fen)}" + (f"；不同享：{apart}" if apart else "")
        )
    return told
