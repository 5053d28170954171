"""What goods would cost at an activity's price, for operators who look before they approve: the same quote as an order's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from apps.catalog import articles
from apps.catalog.articles import Article
from apps.checkout import activities, baskets
from apps.checkout.activities import Admission, Extra, Ticket
from apps.promotions import selectors as promotion_facts
from mall import money
from mall.pricing import engine
from mall.pricing.basket import Basket, Buyer
from mall.pricing.hearing import Heard
from mall.pricing.offers import ActivityPrice
from mall.pricing.quote import Quote
from mall.pricing.scope import Skus


class Step(NamedTuple):
    """A SKU at a price in fen for each unit, under the id that an order names.

    ``called`` is what it is a sample of, ``label`` what the order calls the price where the kind has several.
    """

    activity_id: int | str
    sku_id: int
    price_fen: int
    called: str = ""
    label: str = ""


def priced(
    *, kind: str, label: str, steps: Sequence[Step], combines: Collection[str], at: datetime
) -> list[str]:
    """A sentence for each step: as few units as can be bought, a buyer without a level, freight left out, every offer of
    this moment.
    """
    skus = articles.of({step.sku_id for step in steps})
    offers = promotion_facts.offers_for(member=None, at=at, sku_ids=list(skus))
    told = []
    for step in steps:
        sku = skus[step.sku_id]
        least = sku.bounds.least
        priced_as = step.label or label
        quote = _quote(step, sku, offers, kind=kind, label=priced_as, combines=combines)
        of_several = f"（{least} 件起购）" if least > 1 else ""
        taken = (
            "，".join(f"{one.label} {money.changed(-one.amount_fen)}" for one in quote.applied) or "无优惠"
        )
        apart = "、".join(one.label for one in quote.declined if one.reason == f"不与{priced_as}同享")
        told.append(
            f"{step.called or sku.title}{of_several}：原价 {money.priced(sku.price_fen * least)}，{taken}，"
            f"实付 {money.priced(quote.payable_fen)}" + (f"；不同享：{apart}" if apart else "")
        )
    return told


def _quote(
    step: Step, sku: Article, offers: Sequence[Heard], *, kind: str, label: str, combines: Collection[str]
) -> Quote:
    ticket = Ticket(kind=kind, id=step.activity_id)
    price = ActivityPrice(
        ref=ticket.ref,
        label=label,
        prices_fen={sku.sku_id: step.price_fen},
        scope=Skus(frozenset({sku.sku_id})),
    )
    admission = Admission(ticket=ticket, title=label, price=price, combines=frozenset(map(Extra, combines)))
    line = baskets.line(sku, sku.bounds.least)
    wanted = Basket(lines=(line,), buyer=Buyer(level_id=None))
    return engine.quote(wanted, activities.with_activity(offers, admission))
