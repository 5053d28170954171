"""Offers on goods bought together (lane ITEM): N for M yuan, the second piece for less, bundles.

They make certain pieces cheaper, so each splits its saving by its own rule: a line carries what was saved on
its own pieces. A line is held whole by the offer, even where some of its pieces stay at list price.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from mall import money
from mall.pricing.offers.terms import (
    TOO_LITTLE,
    Basis,
    Goods,
    GoodsTerms,
    Lane,
    NextStep,
    OfferInvalid,
    OpenLine,
    Refusal,
    refuse_impossible_rate,
    step_ahead,
)
from mall.pricing.scope import ALL_GOODS, Scope, Skus


@dataclass(frozen=True, slots=True, kw_only=True)
class NForM(GoodsTerms):
    """N 元任选: any ``pieces`` pieces of the scope for ``price_fen`` together, as often as that helps.

    The dearest pieces make the first set, the next dearest the second, and so on while a set costs more than
    its price: no other choice saves the buyer more. The rest stays at what it costs.
    """

    lane: ClassVar[Lane] = Lane.ITEM

    pieces: int
    price_fen: int
    scope: Scope = ALL_GOODS

    def __post_init__(self) -> None:
        if self.pieces < 2:
            raise OfferInvalid("任选件数至少为 2 件")
        if self.price_fen < 1:
            raise OfferInvalid("任选总价必须大于 0")

    def saving_fen(self, goods: Goods) -> int:
        """What the goods become cheaper by together, in fen."""
        return sum(self._picked_fen(goods)) - self._sets(goods) * self.price_fen

    def parts_fen(self, goods: Goods) -> list[int]:
        """In proportion to what the picked pieces of each line cost."""
        return money.allocate(self.saving_fen(goods), self._picked_fen(goods))

    def why_not(self, goods: Goods) -> Refusal:
        """How many pieces are missing to the first set, or that a set would not be cheaper."""
        if goods.pieces < self.pieces and (ahead := self.next_step(goods)):
            return ahead.as_refusal()
        return Refusal("任选价不低于当前价格")

    def next_step(self, goods: Goods) -> NextStep | None:
        """How many pieces are missing to one set more; None where the sets come out even."""
        short = -goods.pieces % self.pieces
        gain = f"享 {self.pieces} 件 {money.priced(self.price_fen)}"
        return step_ahead(Basis.PIECES, short=short, gain=gain) if short else None

    def _sets(self, goods: Goods) -> int:
        units = goods.units()
        sets = 0
        for end in range(self.pieces, len(units) + 1, self.pieces):
            if sum(unit.left_fen for unit in units[end - self.pieces : end]) <= self.price_fen:
                break
            sets += 1
        return sets

    def _picked_fen(self, goods: Goods) -> list[int]:
        picked_fen = [0] * len(goods.lines)
        for unit in goods.units()[: self._sets(goods) * self.pieces]:
            picked_fen[unit.line] += unit.left_fen
        return picked_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondHalf(GoodsTerms):
    """第二件半价: every second piece is ``off_bp`` cheaper (half price is 5,000).

    With ``same_sku`` the pieces of one SKU make pairs, each line for itself. Otherwise all pieces of the scope
    do: they are ranked by price, the two dearest are the first pair, and of each pair the cheaper piece is
    reduced. The reduction is rounded down per piece.
    """

    lane: ClassVar[Lane] = Lane.ITEM

    off_bp: int = 5000
    same_sku: bool = True
    scope: Scope = ALL_GOODS

    def __post_init__(self) -> None:
        refuse_impossible_rate(self.off_bp)

    @property
    def per_line(self) -> bool:
        """Whether each line stands for itself."""
        return self.same_sku

    def saving_fen(self, goods: Goods) -> int:
        """What the goods become cheaper by together, in fen."""
        return sum(self.parts_fen(goods))

    def parts_fen(self, goods: Goods) -> list[int]:
        """On each line what its own second pieces save."""
        if self.same_sku:
            return [self._line_part_fen(open_line) for open_line in goods.lines]
        parts_fen = [0] * len(goods.lines)
        for unit in goods.units()[1::2]:
            parts_fen[unit.line] += money.percent_off(unit.left_fen, off_bp=self.off_bp)
        return parts_fen

    def why_not(self, goods: Goods) -> Refusal:
        """That the second piece is missing, or that the saving is too small."""
        ahead = self.next_step(goods)
        return ahead.as_refusal() if ahead else Refusal(TOO_LITTLE)

    def next_step(self, goods: Goods) -> NextStep | None:
        """One piece more where one stands alone: of one SKU, the dearest that does."""
        if not self.same_sku:
            return step_ahead(Basis.PIECES, short=1, gain="享第二件优惠") if goods.pieces % 2 else None
        alone = [
            (money.split_units(left_fen, line.quantity)[-1], -line.sku_id)
            for line, left_fen in goods.lines
            if line.quantity % 2
        ]
        if not alone:
            return None
        unit_fen, sku_id = max(alone)
        saving_fen = self.saving_fen(goods) + money.percent_off(unit_fen, off_bp=self.off_bp)
        ahead = step_ahead(Basis.PIECES, short=1, gain="享第二件优惠", saving_fen=saving_fen)
        return ahead._replace(scope=Skus(frozenset({-sku_id})))

    def _line_part_fen(self, open_line: OpenLine) -> int:
        seconds = money.split_units(open_line.left_fen, open_line.line.quantity)[1::2]
        return sum(money.percent_off(unit_fen, off_bp=self.off_bp) for unit_fen in seconds)


class BundleItem(NamedTuple):
    """A SKU of a bundle, and how many of it one bundle takes."""

    sku_id: int
    title: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle(GoodsTerms):
    """套餐: these SKUs together for ``price_fen``, as often as they are all there; the rest stays as it is.

    The saving is split over the lines in proportion to what their pieces in the bundles cost.
    """

    lane: ClassVar[Lane] = Lane.ITEM

    items: tuple[BundleItem, ...]
    price_fen: int

    def __post_init__(self) -> None:
        if sum(item.quantity for item in self.items) < 2 or any(item.quantity < 1 for item in self.items):
            raise OfferInvalid("套餐至少包含两件商品")
        if len({item.sku_id for item in self.items}) != len(self.items):
            raise OfferInvalid("套餐内商品不能重复")
        if self.price_fen < 1:
            raise OfferInvalid("套餐价必须大于 0")

    @property
    def scope(self) -> Skus:
        """The SKUs of the bundle."""
        return Skus(frozenset(item.sku_id for item in self.items))

    def saving_fen(self, goods: Goods) -> int:
        """What the goods become cheaper by together, in fen."""
        bundled_fen = sum(self._bundled_fen(goods))
        return max(0, bundled_fen - self._times(goods) * self.price_fen)

    def parts_fen(self, goods: Goods) -> list[int]:
        """In proportion to what the pieces of each line in the bundles cost."""
        return money.allocate(self.saving_fen(goods), self._bundled_fen(goods))

    def why_not(self, goods: Goods) -> Refusal:
        """Which pieces are missing to the first bundle, or that it would not be cheaper."""
        if self._times(goods):
            return Refusal("套餐价不低于当前价格")
        there = {open_line.line.sku_id: open_line.line.quantity for open_line in goods.lines}
        short = [(item, item.quantity - there.get(item.sku_id, 0)) for item in self.items]
        wanted = "、".join(f"「{item.title}」{pieces} 件" for item, pieces in short if pieces > 0)
        return Refusal(f"再买{wanted}可享套餐价 {money.priced(self.price_fen)}", advises=True)

    def next_step(self, goods: Goods) -> NextStep | None:
        """The pieces that are missing to the first bundle; None once there is one."""
        if self._times(goods):
            return None
        there = {open_line.line.sku_id: open_line.line.quantity for open_line in goods.lines}
        short = {item.sku_id: item.quantity - there.get(item.sku_id, 0) for item in self.items}
        return NextStep(
            self.why_not(goods).reason,
            short_by_pieces=sum(pieces for pieces in short.values() if pieces > 0),
            scope=Skus(frozenset(sku_id for sku_id, pieces in short.items() if pieces > 0)),
        )

    def _times(self, goods: Goods) -> int:
        there = {open_line.line.sku_id: open_line.line.quantity for open_line in goods.lines}
        return min(there.get(item.sku_id, 0) // item.quantity for item in self.items)

    def _bundled_fen(self, goods: Goods) -> list[int]:
        times = self._times(goods)
        wanted = {item.sku_id: item.quantity * times for item in self.items}
        return [
            sum(money.split_units(left_fen, line.quantity)[: wanted.get(line.sku_id, 0)])
            for line, left_fen in goods.lines
        ]
