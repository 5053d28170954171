"""What goods would cost at an activity's price, for operators who look before they approve: the same quote as an order's."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from apps.catalog import selectors as catalog_facts
from apps.catalog.models import Sku
from apps.checkout import activities, quoting
from apps.checkout.activities import Admission, Extra, Ticket
from apps.promotions import selectors as promotion_facts
from mall.money import yuan
from mall.pricing import engine
from mall.pricing.basket import Basket, Buyer
from mall.pricing.offers import ActivityPrice, Offer
from mall.pricing.quote import Quote
from mall.pricing.scope import Skus


class Step(NamedTuple):
    """A SKU at a price in fen for each unit, under the id that an order names; ``called`` what it is a sample of."""

    activity_id: int | str
    sku_id: int
    price_fen: int
    called: str = ""


def priced(
    *, kind: str, label: str, steps: Sequence[Step], combines: Collection[str], at: datetime
) -> list[str]:
    """A sentence for each step: as few units as can be bought, a buyer without a level, freight left out, every offer of
    this moment.
    """
    skus = catalog_facts.skus({step.sku_id for step in steps})
    offers = promotion_facts.offers_for(member=None, at=at, sku_ids=list(skus))
    told = []
    for activity_id, sku_id, price_fen, called in steps:
        sku = skus[sku_id]
        ticket = Ticket(kind=kind, id=activity_id)
        least = sku.product.min_quantity
        quote = _quote(
            ticket,
            offers,
            label=label,
            prices_fen={sku_id: price_fen},
            combines=combines,
            basket={sku: least},
        )
        taken = "，".join(f"{one.label} −¥{yuan(one.amount_fen)}" for one in quote.applied) or "无优惠"
        apart = "、".join(one.label for one in quote.declined if one.reason == f"不与{label}同享")
        told.append(
            f"{called or sku.product.title}{units(least)}：原价 ¥{yuan(sku.price_fen * least)}，{taken}，"
            f"实付 ¥{yuan(quote.payable_fen)}" + (f"；不同享：{apart}" if apart else "")
        )
    return told


def units(least: int) -> str:
    """How many units a sample is of, where nobody can buy one."""
    return f"（{least} 件起购）" if least > 1 else ""


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
    offers = promotion_facts.offers_for(member=None, at=at, sku_ids=[sku.pk for sku in basket])
    ticket = Ticket(kind=kind, id=activity_id)
    return _quote(ticket, offers, label=label, prices_fen=prices_fen, combines=combines, basket=basket)


def _quote(
    ticket: Ticket,
    offers: Sequence[Offer],
    *,
    label: str,
    prices_fen: Mapping[int, int],
    combines: Collection[str],
    basket: Mapping[Sku, int],
) -> Quote:
    price = ActivityPrice(
        ref=ticket.ref, label=label, prices_fen=dict(prices_fen), scope=Skus(frozenset(prices_fen))
    )
    admission = Admission(ticket=ticket, title=label, price=price, combines=frozenset(map(Extra, combines)))
    lines = tuple(quoting.line(sku, quantity) for sku, quantity in basket.items())
    wanted = Basket(lines=lines, buyer=Buyer(level_id=None))
    return engine.quote(wanted, activities.with_activity(offers, admission))
