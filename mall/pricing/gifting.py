"""Gifts: which come with the goods, from what is in stock; a gift that is not there never stops an order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from mall.pricing import lanes
from mall.pricing.offers import Gift, GiftStep
from mall.pricing.quote import Gifted
from mall.pricing.standing import Standing


class Given(NamedTuple):
    """What is given, and what the lane has to say."""

    gifts: list[Gifted]
    outcome: lanes.Outcome


def give(standing: Standing, offers: Iterable[Gift]) -> Given:
    """Work out the gifts on what is left to pay; an offer that gives something holds its goods.

    Offers that give the same SKU share its stock, in the order of the offers.
    """
    given = Given([], lanes.Outcome([], []))
    gone: Counter[int] = Counter()
    held: list[tuple[Gift, int]] = []
    for offer in offers:
        meant, lines = lanes.reach(standing, offer)
        refusal = lanes.out_of_reach(standing, offer, meant, lines)
        if refusal is None:
            goods = standing.goods(lines)
            if (ahead := offer.next_step(goods)) and (hint := lanes.hint(offer, ahead, saved_fen=0)):
                given.outcome.hints.append(hint)
            step = offer.reached(goods)
            gifts = _from_stock(offer, step, gone) if step else []
            if any(gift.quantity for gift in gifts):
                given.gifts.extend(gifts)
                held.append((offer, lines))
                continue
            refusal = offer.sold_out(step) if step else offer.why_not(goods)
        given.outcome.declined.append(lanes.declined(offer, refusal))
    for offer, lines in held:  # not sooner: gifts do not compete with one another
        standing.hold(offer, lines)
    return given


def _from_stock(offer: Gift, step: GiftStep, gone: Counter[int]) -> list[Gifted]:
    """The gifts of a step, as many as there are; what is taken is added to ``gone``."""
    gifts = []
    for gift in step.gifts:
        quantity = max(0, min(gift.quantity, gift.in_stock - gone[gift.sku_id]))
        gone[gift.sku_id] += quantity
        gifts.append(
            Gifted(
                ref=offer.ref,
                label=offer.label,
                sku_id=gift.sku_id,
                title=gift.title,
                quantity=quantity,
                missing=gift.quantity - quantity,
            )
        )
    return gifts
