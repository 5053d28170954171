"""The engine: a frozen basket and frozen offers in, an explained quote out; the same in, the same out.

The lanes run in order (``offers.Lane``). Inside a lane the offers compete line by line and the buyer's best
wins (``contest``); every saving is allocated to its lines at once, so that the next lane starts from what is
left to pay. Shipping comes last and is waived, never allocated. ``docs/guide/pricing.md`` tells it in prose.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mall.pricing import contest, freight
from mall.pricing.basket import Basket
from mall.pricing.offers import FreePostage, GoodsOffer, Lane, Offer, Refusal
from mall.pricing.quote import Declined, Quote, Reduction
from mall.pricing.standing import Standing, indexes


def quote(basket: Basket, offers: Iterable[Offer]) -> Quote:
    """What the basket costs with these offers, and why.

    Each offer is either among ``applied`` or among ``declined``, both lane by lane and then by ref. The order
    of the offers does not matter. Raises ValueError where two offers share a ref.
    """
    in_order = sorted(offers, key=lambda offer: (offer.lane, offer.ref))
    if len({offer.ref for offer in in_order}) != len(in_order):
        raise ValueError("two offers share a ref")
    goods_offers = [offer for offer in in_order if not isinstance(offer, FreePostage)]
    postage_offers = [offer for offer in in_order if isinstance(offer, FreePostage)]

    standing = Standing(basket)
    declined: list[Declined] = []
    for lane in Lane:
        declined += _run(lane, standing, basket, [offer for offer in goods_offers if offer.lane is lane])
    items = standing.items()
    applied = _totals(goods_offers, (reduction for item in items for reduction in item.reductions))
    shipping = freight.charge(basket)
    waived, kept = _waive(standing, basket, postage_offers, shipping.fee_fen)

    goods_fen = sum(item.list_fen for item in items)
    lines_fen = sum(item.payable_fen for item in items)
    shipping_fen = shipping.fee_fen - sum(reduction.amount_fen for reduction in waived)
    return Quote(
        items=items,
        goods_fen=goods_fen,
        reduction_fen=goods_fen - lines_fen,
        shipping_fen=shipping_fen,
        payable_fen=lines_fen + shipping_fen,
        applied=(*applied, *waived),
        declined=(*declined, *kept),
        shipping_known=basket.destination is not None,
        undeliverable=shipping.undeliverable,
    )


def _run(lane: Lane, standing: Standing, basket: Basket, offers: Sequence[GoodsOffer]) -> list[Declined]:
    """Let the offers of one lane compete, take off what the winners save, and say why the others did not."""
    refusals: dict[str, Refusal] = {}
    open_lines: dict[str, int] = {}
    unpaid = standing.unpaid()
    for offer in offers:
        meant = standing.covered(offer.scope) & unpaid
        lines = meant & standing.combinable(offer)
        refusal = offer.denies(basket.buyer) or _out_of_reach(standing, offer, meant, lines)
        if refusal is None and not offer.saving_fen(standing.goods(lines)):
            refusal = offer.why_not(standing.goods(lines))
        if refusal is None:
            open_lines[offer.ref] = lines
        else:
            refusals[offer.ref] = refusal

    def worth(offer: GoodsOffer, lines: int) -> int:
        return offer.saving_fen(standing.goods(lines))

    hopeful = [offer for offer in offers if offer.ref in open_lines]
    wins = contest.winners(_stakes(hopeful, open_lines), worth)
    for win in wins:
        standing.take_off(win)
    won = {win.offer.ref for win in wins}
    for offer in hopeful:
        if offer.ref not in won:
            better = {win.offer.ref: win.offer for win in wins if win.lines & open_lines[offer.ref]}
            refusals[offer.ref] = Refusal(
                f"同类优惠只享一项，已选用{_names(better[ref] for ref in sorted(better))}"
            )
    return [_declined(offer, refusals[offer.ref]) for offer in offers if offer.ref in refusals]


def _stakes(offers: Iterable[GoodsOffer], open_lines: dict[str, int]) -> Iterator[tuple[GoodsOffer, int]]:
    """What each offer competes for: its lines together, or one by one where each stands for itself."""
    for offer in offers:
        lines = open_lines[offer.ref]
        if offer.per_line:
            yield from ((offer, 1 << index) for index in indexes(lines))
        else:
            yield offer, lines


def _out_of_reach(standing: Standing, offer: Offer, meant: int, lines: int) -> Refusal | None:
    """Why an offer that means these lines has none at all to be worked out on; None where it has some."""
    if lines:
        return None
    if not meant:
        return Refusal("订单中没有可参加此优惠的商品")
    return Refusal(f"不与{_names(standing.obstacles(offer, meant))}同享")


def _waive(
    standing: Standing, basket: Basket, offers: Sequence[FreePostage], fee_fen: int
) -> tuple[list[Reduction], list[Declined]]:
    """The freight that the first fitting offer waives, whole; and why the other offers do not apply."""
    waived: list[Reduction] = []
    declined: list[Declined] = []
    for offer in offers:
        lines = standing.combinable(offer)
        refusal = _out_of_reach(standing, offer, standing.everything, lines) or offer.why_not(
            goods_left_fen=standing.goods(lines).left_fen, destination=basket.destination
        )
        if refusal is None and not fee_fen:
            refusal = Refusal("本单无需运费")
        elif refusal is None and waived:
            refusal = Refusal(f"同类优惠只享一项，已选用「{waived[0].label}」")
        if refusal is None:
            waived.append(Reduction(ref=offer.ref, label=offer.label, amount_fen=fee_fen))
        else:
            declined.append(_declined(offer, refusal))
    return waived, declined


def _totals(offers: Iterable[GoodsOffer], reductions: Iterable[Reduction]) -> list[Reduction]:
    """What each offer took off all lines together, in the order of the offers."""
    totals_fen: dict[str, int] = {}
    for reduction in reductions:
        totals_fen[reduction.ref] = totals_fen.get(reduction.ref, 0) + reduction.amount_fen
    return [
        Reduction(ref=offer.ref, label=offer.label, amount_fen=totals_fen[offer.ref])
        for offer in offers
        if offer.ref in totals_fen
    ]


def _declined(offer: Offer, refusal: Refusal) -> Declined:
    return Declined(
        ref=offer.ref, label=offer.label, reason=refusal.reason, short_by_fen=refusal.short_by_fen
    )


def _names(offers: Iterable[GoodsOffer]) -> str:
    return "".join(f"「{offer.label}」" for offer in offers)
