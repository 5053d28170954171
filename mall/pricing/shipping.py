"""Shipping: who waives the freight. Free postage goes before freight coupons: it costs the buyer nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from mall.pricing import lanes
from mall.pricing.basket import Destination
from mall.pricing.offers import FreightCoupon, Lane, PostageOffer, Refusal
from mall.pricing.quote import FREIGHT, Hint, Reduction
from mall.pricing.scope import ALL_GOODS
from mall.pricing.standing import Standing

# Less than any threshold.
_NO_GOODS: Final = -1
_NOTHING_TO_WAIVE: Final = Refusal("本单无需运费")


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
    for offer in in_preference(offers, fee_fen=fee_fen):
        refusal = _refusal(standing, offer, destination)
        if refusal is None and not fee_fen:
            refusal = _NOTHING_TO_WAIVE
        elif refusal is None and waived:
            refusal = _beaten_by(waived[0].label)
        if refusal is None:
            amount_fen = offer.waives_fen(fee_fen)
            waived.append(Reduction(ref=offer.ref, label=offer.label, amount_fen=amount_fen, kind=FREIGHT))
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


def in_preference(offers: Iterable[PostageOffer], *, fee_fen: int) -> list[PostageOffer]:
    """The offers in the order in which ``waive`` asks them, for ``waived_fen`` and ``refusal_of``."""
    return sorted(offers, key=lambda offer: _preference(offer, fee_fen))


def waived_fen(
    standing: Standing, preferred: Iterable[PostageOffer], *, destination: Destination | None, fee_fen: int
) -> int:
    """How much of the freight ``waive`` would waive, without the reasons; ``preferred`` is ``in_preference``."""
    best = _chosen(standing, preferred, destination)
    return best.waives_fen(fee_fen) if best else 0


def refusal_of(
    standing: Standing,
    offer: PostageOffer,
    preferred: Iterable[PostageOffer],
    *,
    destination: Destination | None,
    fee_fen: int,
) -> Refusal | None:
    """Why ``waive`` would not choose this offer, None where it would; ``preferred`` is ``in_preference``, it included."""
    refusal = _refusal(standing, offer, destination)
    if refusal is not None:
        return refusal
    if not fee_fen:
        return _NOTHING_TO_WAIVE
    chosen = _chosen(standing, preferred, destination)
    return None if chosen is None or chosen is offer else _beaten_by(chosen.label)


def _chosen(
    standing: Standing, preferred: Iterable[PostageOffer], destination: Destination | None
) -> PostageOffer | None:
    """The first offer that waives: ``_refusal`` without the words, the goods looked at once for like terms."""
    left_fen: dict[frozenset[Lane], int] = {}
    for offer in preferred:
        terms = offer.combines_with
        if terms not in left_fen:
            lines = standing.combinable(offer)
            left_fen[terms] = standing.goods(lines).left_fen if lines else _NO_GOODS
        if not offer.refused and offer.fits(goods_left_fen=left_fen[terms], destination=destination):
            return offer
    return None


def _beaten_by(label: str) -> Refusal:
    return Refusal(f"同类优惠只享一项，已选用「{label}」")


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
