"""What a basket would cost at an activity's price, for operators who are still writing it: the engine of every quote."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from apps.catalog.models import Sku
from apps.checkout import activities, quoting
from apps.checkout.activities import Admission, Extra, Ticket
from apps.promotions import selectors as promotion_facts
from mall.pricing import engine
from mall.pricing.basket import Basket, Buyer
from mall.pricing.offers import ActivityPrice
from mall.pricing.quote import Quote
from mall.pricing.scope import Skus


def sample(
    *,
    kind: str,
    activity_id: int | str,
    label: str,
    prices_fen: Mapping[int, int],
    combines: Collection[str],
    basket: Mapping[Sku, int],
    at: datetime,
) -> Quote:
    """The quote for units of these SKUs, with their products at hand, to a buyer of no level and without postage.

    What of today's offers goes with the price is applied, the rest is declined with the reason: at most two statements.
    """
    ticket = Ticket(kind=kind, id=activity_id)
    price = ActivityPrice(
        ref=ticket.ref, label=label, prices_fen=dict(prices_fen), scope=Skus(frozenset(prices_fen))
    )
    admission = Admission(ticket=ticket, title=label, price=price, combines=frozenset(map(Extra, combines)))
    offers = promotion_facts.offers_for(member=None, at=at, sku_ids=[sku.pk for sku in basket])
    lines = tuple(quoting.line(sku, quantity) for sku, quantity in basket.items())
    wanted = Basket(lines=lines, buyer=Buyer(level_id=None))
    return engine.quote(wanted, activities.with_activity(offers, admission))
