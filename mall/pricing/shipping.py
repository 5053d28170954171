"""Shipping: who waives the freight. Free postage goes before freight coupons: it costs the buyer nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mall.pricing import lanes
from mall.pricing.basket import Destination
from mall.pricing.offers import FreightCoupon, PostageOffer, Refusal
from mall.pricing.quote import Hint, Reduction
from mall.pricing.scope import ALL_GOODS
from mall.pricing.standing import Standing


class Waiver(NamedTuple):
    """What is waived, by one offer at most, and what the lane has to say."""

    waived: list[Reduction]
    outcome: lanes.Outcome

    @property
    def waived_fen(self) -> int:
        """How much of the freight is not charged."""
        return sum(reduction.amount_fen for reduction in self.waived)


def waive(
    standing: Standing, offers: Sequence[PostageOffer], *, destination: Destination | None, fee_fen: int
) -> Waiver:
    """The freight that the first fitting offer waives; and why the other offers do not apply."""
    waived: list[Reduction] = []
    refusals: dict[str, Refusal] = {}
    for offer in sorted(offers, key=lambda offer: _preference(offer, fee_fen)):
        refusal = _refusal(standing, offer, destination)
        if refusal is None and not fee_fen:
            refusal = Refusal("本单无需运费")
        elif refusal is None and waived:
            refusal = Refusal(f"同类优惠只享一项，已选用「{waived[0].label}」")
        if refusal is None:
            amount_fen = offer.waives_fen(fee_fen)
            waived.append(Reduction(ref=offer.ref, label=offer.label, amount_fen=amount_fen))
        else:
            refusals[offer.ref] = refusal
    refused = sorted((offer for offer in offers if offer.ref in refusals), key=lambda offer: offer.ref)
    declined = [lanes.declined(offer, refusals[offer.ref]) for offer in refused]
    now_fen = sum(reduction.amount_fen for reduction in waived)
    hints = [
        _hint(offer, refusals[offer.ref], offer.waives_fen(fee_fen) - now_fen)
        for offer in refused
        if refusals[offer.ref].short_by_fen
        and destination is not None
        and offer.reaches(destination)
        and offer.waives_fen(fee_fen) > now_fen
    ]
    return Waiver(waived, lanes.Outcome(declined, hints))


def waived_fen(
    standing: Standing, offers: Iterable[PostageOffer], *, destination: Destination | None, fee_fen: int
) -> int:
    """How much of the freight ``waive`` would waive, without the reasons."""
    fitting = (
        offer
        for offer in offers
        if not offer.refused
        and (lines := standing.combinable(offer))
        and offer.fits(goods_left_fen=standing.goods(lines).left_fen, destination=destination)
    )
    best = min(fitting, key=lambda offer: _preference(offer, fee_fen), default=None)
    return best.waives_fen(fee_fen) if best else 0


def _preference(offer: PostageOffer, fee_fen: int) -> tuple[bool, int, str]:
    """Free postage first, then the coupon that waives most, then the lower ref."""
    return isinstance(offer, FreightCoupon), -offer.waives_fen(fee_fen), offer.ref


def _refusal(standing: Standing, offer: PostageOffer, destination: Destination | None) -> Refusal | None:
    lines = standing.combinable(offer)
    return lanes.out_of_reach(standing, offer, standing.everything, lines) or offer.why_not(
        goods_left_fen=standing.goods(lines).left_fen, destination=destination
    )


def _hint(offer: PostageOffer, refusal: Refusal, gain_fen: int) -> Hint:
    return Hint(
        ref=offer.ref,
        label=offer.label,
        reason=refusal.reason,
        short_by_fen=refusal.short_by_fen,
        short_by_pieces=None,
        gain_fen=gain_fen,
        scope=ALL_GOODS,
    )
