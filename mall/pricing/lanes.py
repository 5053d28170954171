"""One lane of a price: its offers compete, the winners take off what they save, the others say why not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from mall.pricing import contest
from mall.pricing.basket import Buyer
from mall.pricing.contest import Win
from mall.pricing.offers import Gift, GoodsOffer, NextStep, Offer, Refusal
from mall.pricing.quote import Declined, Hint
from mall.pricing.standing import Standing, indexes


class Outcome(NamedTuple):
    """What a lane has to say: which offers did not apply, and what more goods would bring."""

    declined: list[Declined]
    hints: list[Hint]


def run(standing: Standing, buyer: Buyer, offers: Sequence[GoodsOffer]) -> Outcome:
    """Let the offers of one lane compete and take off what the winners save."""
    refusals: dict[str, Refusal] = {}
    open_lines: dict[str, int] = {}
    ahead: dict[str, NextStep] = {}
    for offer in offers:
        meant, lines = reach(standing, offer)
        refusal = offer.denies(buyer) or out_of_reach(standing, offer, meant, lines)
        if refusal is None:
            goods = standing.goods(lines)
            if step := offer.next_step(goods):
                ahead[offer.ref] = step
            if not offer.saving_fen(goods):
                refusal = offer.why_not(goods)
        open_lines[offer.ref] = lines
        if refusal is not None:
            refusals[offer.ref] = refusal

    def worth(offer: GoodsOffer, lines: int) -> int:
        return offer.saving_fen(standing.goods(lines))

    hopeful = [offer for offer in offers if offer.ref not in refusals]
    wins = contest.winners(_stakes(hopeful, open_lines), worth)
    hints = _hints(standing, offers, open_lines, ahead, wins)
    for win in wins:
        standing.take_off(win)
    won = {win.offer.ref for win in wins}
    for offer in hopeful:
        if offer.ref not in won:
            better = {win.offer.ref: win.offer for win in wins if win.lines & open_lines[offer.ref]}
            refusals[offer.ref] = Refusal(
                f"同类优惠只享一项，已选用{names(better[ref] for ref in sorted(better))}"
            )
    return Outcome([declined(offer, refusals[offer.ref]) for offer in offers if offer.ref in refusals], hints)


def reach(standing: Standing, offer: GoodsOffer | Gift) -> tuple[int, int]:
    """The lines that an offer means and that are still to be paid for; and those of them that it may take."""
    meant = standing.covered(offer.scope) & standing.unpaid()
    return meant, meant & standing.combinable(offer)


def out_of_reach(standing: Standing, offer: Offer, meant: int, lines: int) -> Refusal | None:
    """Why an offer that means these lines has none at all to be worked out on; None where it has some."""
    if lines:
        return None
    if not meant:
        return Refusal("订单中没有可参加此优惠的商品")
    return Refusal(f"不与{names(standing.obstacles(offer, meant))}同享")


def declined(offer: Offer, refusal: Refusal) -> Declined:
    """The refusal of an offer, as the quote tells it."""
    return Declined(
        ref=offer.ref, label=offer.label, reason=refusal.reason, short_by_fen=refusal.short_by_fen
    )


def hint(offer: GoodsOffer | Gift, step: NextStep, *, saved_fen: int) -> Hint | None:
    """The next step of an offer, as the quote tells it; None where it would save no more than is saved now."""
    gain_fen = None if step.saving_fen is None else step.saving_fen - saved_fen
    if gain_fen is not None and gain_fen <= 0:
        return None
    return Hint(
        ref=offer.ref,
        label=offer.label,
        reason=step.reason,
        short_by_fen=step.short_by_fen,
        short_by_pieces=step.short_by_pieces,
        gain_fen=gain_fen,
        scope=step.scope or offer.scope,
    )


def names(offers: Iterable[Offer]) -> str:
    """The labels in the words of a sentence: 「满减」「九折」."""
    return "".join(f"「{offer.label}」" for offer in offers)


def _stakes(offers: Iterable[GoodsOffer], open_lines: dict[str, int]) -> Iterator[tuple[GoodsOffer, int]]:
    """What each offer competes for: its lines together, or one by one where each stands for itself."""
    for offer in offers:
        lines = open_lines[offer.ref]
        if offer.per_line:
            yield from ((offer, 1 << index) for index in indexes(lines))
        else:
            yield offer, lines


def _hints(
    standing: Standing,
    offers: Sequence[GoodsOffer],
    open_lines: dict[str, int],
    ahead: dict[str, NextStep],
    wins: Sequence[Win],
) -> list[Hint]:
    """The next steps, each held against what the lane's winners take off the same goods now.

    An offer that had to leave some of its goods to others counts its next step on the goods that it has.
    """
    hints: list[Hint] = []
    for offer in offers:
        step, lines = ahead.get(offer.ref), open_lines[offer.ref]
        own = sum(win.lines for win in wins if win.offer is offer)
        if step is not None and own and own != lines:
            step, lines = offer.next_step(standing.goods(own)), own
        saved_fen = sum(win.saving_fen for win in wins if win.lines & lines)
        if step is not None and (found := hint(offer, step, saved_fen=saved_fen)):
            hints.append(found)
    return hints
