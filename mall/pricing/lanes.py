"""One lane of a price: its offers compete, the winners take off what they save, the others say why not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from mall.pricing import contest
from mall.pricing.basket import Buyer
from mall.pricing.contest import Win
from mall.pricing.offers import Gift, GoodsOffer, NextStep, Offer, Refusal
from mall.pricing.quote import Declined, Hint
from mall.pricing.standing import Standing, indexes

ELSEWHERE: Final = Refusal("订单中没有可参加此优惠的商品")


class Outcome(NamedTuple):
    """What a lane has to say: which offers did not apply, and what more goods would bring."""

    declined: list[Declined]
    hints: list[Hint]


class _Entry(NamedTuple):
    """An offer as it enters its lane: the lines that it may take, why it cannot win, what comes next for it."""

    offer: GoodsOffer
    lines: int
    refusal: Refusal | None = None
    ahead: NextStep | None = None


def run(standing: Standing, buyer: Buyer, offers: Sequence[GoodsOffer]) -> Outcome:
    """Let the offers of one lane compete and take off what the winners save."""
    if not offers:
        return Outcome([], [])
    known: dict[tuple[str, int], int] = {}

    def worth(offer: GoodsOffer, lines: int) -> int:
        """What it saves on these lines: asked when it enters, when it competes, and of each order of serving."""
        asked = offer.ref, lines
        saving_fen = known.get(asked)
        if saving_fen is None:
            saving_fen = known[asked] = offer.saving_fen(standing.goods(lines))
        return saving_fen

    entries = [_enter(standing, buyer, offer, worth) for offer in offers]
    stakes = (stake for entry in entries if entry.refusal is None for stake in _stakes(entry))
    wins = contest.winners(stakes, worth)
    hints = [found for entry in entries if (found := _hint_of(standing, entry, wins))]
    for win in wins:
        standing.take_off(win)
    won = {win.offer.ref for win in wins}
    return Outcome(
        [
            declined(entry.offer, entry.refusal or _beaten(entry, wins))
            for entry in entries
            if entry.offer.ref not in won
        ],
        hints,
    )


def _enter(standing: Standing, buyer: Buyer, offer: GoodsOffer, worth: contest.Worth) -> _Entry:
    meant, lines = reach(standing, offer)
    refusal = offer.denies(buyer) or out_of_reach(standing, offer, meant, lines)
    if refusal is not None:
        return _Entry(offer, lines, refusal)
    goods = standing.goods(lines)
    saves = worth(offer, lines) > 0
    return _Entry(offer, lines, None if saves else offer.why_not(goods), offer.next_step(goods))


def _beaten(entry: _Entry, wins: Sequence[Win]) -> Refusal:
    """Which offers took the goods of one that would have saved something."""
    better = {win.offer.ref: win.offer for win in wins if win.lines & entry.lines}
    return Refusal(f"同类优惠只享一项，已选用{names(better[ref] for ref in sorted(better))}")


def reach(standing: Standing, offer: GoodsOffer | Gift) -> tuple[int, int]:
    """The lines that an offer means and that are still to be paid for; and those of them that it may take."""
    meant = standing.covered(offer.scope) & standing.unpaid()
    return meant, meant & standing.combinable(offer) if meant else 0


def out_of_reach(standing: Standing, offer: Offer, meant: int, lines: int) -> Refusal | None:
    """Why an offer that means these lines cannot have any of them; None where it has some to be worked out on."""
    if lines:
        return Refusal(offer.refused) if offer.refused else None
    if not meant:
        return ELSEWHERE
    return Refusal(f"不与{names(standing.obstacles(offer, meant))}同享")


def declined(offer: Offer, refusal: Refusal) -> Declined:
    """The refusal of an offer, as the quote tells it."""
    return Declined(
        ref=offer.ref,
        label=offer.label,
        reason=refusal.reason,
        short_by_fen=refusal.short_by_fen,
        advises=refusal.advises,
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


def _stakes(entry: _Entry) -> Iterator[tuple[GoodsOffer, int]]:
    """What an offer competes for: its lines together, or one by one where each stands for itself."""
    if entry.offer.per_line:
        yield from ((entry.offer, 1 << index) for index in indexes(entry.lines))
    else:
        yield entry.offer, entry.lines


def _hint_of(standing: Standing, entry: _Entry, wins: Sequence[Win]) -> Hint | None:
    """The next step of an offer, held against what the lane's winners take off the same goods now.

    A winner that had to leave some of its goods to others counts its next step on the goods that it has.
    """
    step, lines = entry.ahead, entry.lines
    if step is None:
        return None
    own = sum(win.lines for win in wins if win.offer is entry.offer)
    if own and own != lines:
        step, lines = entry.offer.next_step(standing.goods(own)), own
    saved_fen = sum(win.saving_fen for win in wins if win.lines & lines)
    return hint(entry.offer, step, saved_fen=saved_fen) if step else None
