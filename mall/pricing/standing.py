"""Standing: how far each line has come on its way through the lanes; the one thing that a quote changes.

Sets of lines are bit masks: bit n is the n-th line of the basket.
"""

from __future__ import annotations

from collections.abc import Iterator

from mall.pricing.basket import Basket
from mall.pricing.contest import Win
from mall.pricing.offers import Gift, Goods, GoodsOffer, Lane, Offer, OpenLine
from mall.pricing.quote import Item, Reduction
from mall.pricing.scope import Scope


class Standing:
    """What is left to pay of each line, what took it there, and who may still take part."""

    def __init__(self, basket: Basket) -> None:
        self.lines = basket.lines
        self.everything = (1 << len(basket.lines)) - 1
        self._left_fen = [line.list_fen for line in basket.lines]
        self._unpaid = sum(1 << index for index, line in enumerate(self.lines) if line.list_fen)
        self._reductions: list[list[Reduction]] = [[] for _ in basket.lines]
        self._taken: list[tuple[GoodsOffer | Gift, int]] = []
        # The same lines by what decides who else may have them: the holder's lane and what it combines with.
        self._held: dict[tuple[Lane, frozenset[Lane]], int] = {}
        self._goods: dict[int, Goods] = {}
        self._covered: dict[Scope, int] = {}
        self._combinable: dict[tuple[Lane, frozenset[Lane]], int] = {}

    def fork(self) -> Standing:
        """The same standing once more, to go another way from here without disturbing this one."""
        other = object.__new__(Standing)
        other.__dict__.update(self.__dict__)
        other._left_fen = self._left_fen.copy()
        other._reductions = [reductions.copy() for reductions in self._reductions]
        other._taken = self._taken.copy()
        other._held = self._held.copy()
        other._goods = self._goods.copy()
        other._combinable = self._combinable.copy()
        return other

    def covered(self, scope: Scope) -> int:
        """The lines that a scope means."""
        known = self._covered.get(scope)
        if known is None:
            known = 0
            for index, line in enumerate(self.lines):
                if scope.covers(line):
                    known |= 1 << index
            self._covered[scope] = known
        return known

    def left_fen(self) -> int:
        """What is left to pay of all lines."""
        return sum(self._left_fen)

    def unpaid(self) -> int:
        """The lines of which something is left to pay."""
        return self._unpaid

    def combinable(self, offer: Offer) -> int:
        """The lines that are not held by an offer with which this one does not combine."""
        terms = (offer.lane, offer.combines_with)
        if terms not in self._combinable:
            shut = 0
            for (lane, combines_with), held in self._held.items():
                if lane is offer.lane or lane not in offer.combines_with or offer.lane not in combines_with:
                    shut |= held
            self._combinable[terms] = self.everything & ~shut
        return self._combinable[terms]

    def goods(self, lines: int) -> Goods:
        """The lines with what is left to pay of them; remembered until something is taken off them."""
        if lines not in self._goods:
            self._goods[lines] = Goods(
                tuple(OpenLine(self.lines[index], self._left_fen[index]) for index in indexes(lines))
            )
        return self._goods[lines]

    def take_off(self, win: Win) -> None:
        """Allocate a saving to its lines, by the offer's own rule, and remember who holds them."""
        offer = win.offer
        parts_fen = offer.parts_fen(self.goods(win.lines))
        for index, part_fen in zip(indexes(win.lines), parts_fen, strict=True):
            if part_fen:
                self._left_fen[index] -= part_fen
                if not self._left_fen[index]:
                    self._unpaid &= ~(1 << index)
                self._reductions[index].append(
                    Reduction(ref=offer.ref, label=offer.label, amount_fen=part_fen)
                )
        self.hold(offer, win.lines)
        self._goods = {lines: goods for lines, goods in self._goods.items() if not lines & win.lines}

    def hold(self, offer: GoodsOffer | Gift, lines: int) -> None:
        """Remember that an offer has these lines: later ones that do not combine with it stay away."""
        self._taken.append((offer, lines))
        terms = (offer.lane, offer.combines_with)
        self._held[terms] = self._held.get(terms, 0) | lines
        self._combinable.clear()

    def obstacles(self, offer: Offer, lines: int) -> list[GoodsOffer | Gift]:
        """The offers that hold any of these lines and do not combine with this one, lane by lane."""
        held = {holder.ref: holder for holder, taken in self._taken if taken & lines}
        return sorted(
            (holder for holder in held.values() if not offer.combines(holder)),
            key=lambda holder: (holder.lane, holder.ref),
        )

    def items(self) -> tuple[Item, ...]:
        """The lines as the quote shows them."""
        return tuple(
            Item(
                sku_id=line.sku_id,
                title=line.title,
                quantity=line.quantity,
                unit_price_fen=line.unit_price_fen,
                list_fen=line.list_fen,
                reductions=tuple(reductions),
                payable_fen=left_fen,
            )
            for line, reductions, left_fen in zip(self.lines, self._reductions, self._left_fen, strict=True)
        )


def indexes(lines: int) -> Iterator[int]:
    """The indexes in a set of lines, ascending."""
    while lines:
        lowest = lines & -lines
        yield lowest.bit_length() - 1
        lines ^= lowest
