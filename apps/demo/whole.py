"""Fills the whole demo shop: goods, terms, a survey, reviews, orders, and who bought them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.demo import (
    activity_orders,
    after_sales,
    audiences,
    bargains,
    bookkeeping,
    deadlines,
    filling,
    group_buys,
    invoices,
    journeys,
    messages,
    packets,
    parcels,
    presales,
    promoters,
    referrals,
    reviews,
    shares,
    shops,
    surveys,
    terms,
    virtual_goods,
    wishes,
)
from apps.demo.telling import Tell, silent


def fill(*, at: datetime, tell: Tell = silent) -> int:
    """Add what is missing of the demo shop and return how many products that were; change nothing that is there.

    Not inside a transaction, since pictures are drawn and read.
    """
    filling.draw(tell=tell)
    # Hundreds of small changes: a commit for each would be much of the waiting.
    with transaction.atomic():
        added = filling.fill(at=at, tell=tell)
        terms.agree(at=at, tell=tell)
        surveys.fill(at=at)
        bargains.fill(at=at)
        presales.fill(at=at)
        shares.fill(at=at)
    reviews.fill(at=at, tell=tell)
    # After the reviews, whose orders are older.
    with transaction.atomic():
        after_sales.fill(at=at)
        virtual_goods.fill(at=at)
        promoters.fill(at=at)
        referrals.fill(at=at)
        parcels.fill(at=at)
        shops.fill(at=at)
        group_buys.fill(at=at)
        activity_orders.fill(at=at)
        packets.fill(at=at)
        messages.fill(at=at)
        wishes.fill(at=at)
        deadlines.fill(at=at)
    messages.tell_by_templates(at=at)
    invoices.fill(at=at)
    # Last: they look at what everybody bought.
    audiences.fill(at=at)
    bookkeeping.fill(at=at)
    journeys.fill(at=at)
    return added
