"""What all offers share: the lanes, the goods that an offer is worked out on, and the words of its answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import ClassVar, Final, NamedTuple

from mall import money
from mall.errors import Invalid
from mall.pricing.basket import Buyer, Line
from mall.pricing.scope import Scope


class OfferInvalid(Invalid):
    """An offer that nobody could explain to a buyer; the sentence says what is wrong with it."""

    code = "offer_invalid"
    message = "优惠设置有误"


class Lane(IntEnum):
    """The stages of a price, in the order in which they run."""

    PRICE = 1
    ITEM = 2
    ORDER = 3
    GIFT = 4
    COUPON = 5
    POINTS = 6
    SHIPPING = 7


EVERY_LANE: Final = frozenset(Lane)

TOO_LITTLE: Final = "优惠金额不足 ¥0.01"


class Basis(StrEnum):
    """What the steps of an offer count."""

    AMOUNT = "AMOUNT"
    PIECES = "PIECES"


class OpenLine(NamedTuple):
    """A line as an offer meets it: ``left_fen`` is what earlier lanes have left to pay."""

    line: Line
    left_fen: int


class Unit(NamedTuple):
    """One piece: what is left to pay of it, in fen, and which of the goods' lines it is of."""

    left_fen: int
    line: int


class Goods:
    """The lines that an offer is worked out on, with their sums."""

    __slots__ = ("_units", "left_fen", "lines", "pieces")

    def __init__(self, lines: tuple[OpenLine, ...]) -> None:
        self.lines = lines
        self.left_fen = sum(open_line.left_fen for open_line in lines)
        self.pieces = sum(open_line.line.quantity for open_line in lines)
        self._units: tuple[Unit, ...] | None = None

    def units(self) -> tuple[Unit, ...]:
        """Every single piece, the dearest first, the earlier line first where they cost the same."""
        if self._units is None:
            pieces = [
                Unit(left_fen, number)
                for number, open_line in enumerate(self.lines)
                for left_fen in money.split_units(open_line.left_fen, open_line.line.quantity)
            ]
            self._units = tuple(sorted(pieces, key=lambda unit: (-unit.left_fen, unit.line)))
        return self._units

    def counted(self, basis: Basis) -> int:
        """What a step looks at: fen still to be paid, or pieces."""
        return self.pieces if basis is Basis.PIECES else self.left_fen


class Refusal(NamedTuple):
    """Why an offer saves nothing, for the buyer; and the fen that are missing, where that is all it takes.

    ``advises``: the reason says what to buy more of.
    """

    reason: str
    short_by_fen: int | None = None
    advises: bool = False


class NextStep(NamedTuple):
    """What more of the goods would bring: what is missing, in fen or pieces, and the whole saving then.

    ``saving_fen`` is None where it depends on which goods are added, or is not money (a gift). ``scope`` are
    the goods that count, where these are not simply the offer's own.
    """

    reason: str
    saving_fen: int | None = None
    short_by_fen: int | None = None
    short_by_pieces: int | None = None
    scope: Scope | None = None

    def as_refusal(self) -> Refusal:
        """The same as the reason why nothing is saved yet."""
        return Refusal(self.reason, short_by_fen=self.short_by_fen, advises=True)


def step_ahead(basis: Basis, *, short: int, gain: str, saving_fen: int | None = None) -> NextStep:
    """The step to which ``short`` fen or pieces are missing; ``gain`` ends the sentence 「再买 … 可…」."""
    if basis is Basis.PIECES:
        return NextStep(f"再买 {short} 件可{gain}", saving_fen, short_by_pieces=short)
    return NextStep(f"再买 {money.priced(short)} 可{gain}", saving_fen, short_by_fen=short)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What every offer has: a ref unique in the quote, a label for buyers, the lanes it combines with.

    ``refused`` is why this buyer cannot have it though there are goods for it (a limit that is used up, say);
    empty for an offer that stands.
    """

    ref: str
    label: str
    combines_with: frozenset[Lane] = EVERY_LANE
    refused: str = ""

    lane: ClassVar[Lane]

    def combines(self, other: Terms) -> bool:
        """Whether the two may share a line: each names the lane of the other, and it is not the same lane."""
        return (
            self.lane is not other.lane
            and other.lane in self.combines_with
            and self.lane in other.combines_with
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsTerms(Terms, ABC):
    """What every offer has that takes something off goods."""

    @property
    def per_line(self) -> bool:
        """Whether each line stands for itself; otherwise the goods in scope are one."""
        return False

    def denies(self, buyer: Buyer) -> Refusal | None:
        """Why this buyer cannot have it, None for those who can: anyone, unless an offer says otherwise."""
        return None

    @abstractmethod
    def saving_fen(self, goods: Goods) -> int:
        """What the goods become cheaper by together, in fen; it must not grow when goods are taken away."""

    def parts_fen(self, goods: Goods) -> list[int]:
        """The saving on each line, adding up to ``saving_fen`` and never more than the line has left.

        In proportion to what is left of each, unless the offer knows which pieces it made cheaper.
        """
        return money.allocate(self.saving_fen(goods), [open_line.left_fen for open_line in goods.lines])

    @abstractmethod
    def why_not(self, goods: Goods) -> Refusal:
        """Why it saves nothing on these goods."""

    def next_step(self, goods: Goods) -> NextStep | None:
        """What more of the goods would bring; None where more goods bring no better terms."""
        return None


def refuse_impossible_rate(off_bp: int) -> None:
    """Raise OfferInvalid unless the rate lies above 0 and up to the whole."""
    if not 0 < off_bp <= money.WHOLE_BP:
        raise OfferInvalid("折扣必须在 0 到 100% 之间")


def refuse_unless_one(*choices: object, sentence: str) -> None:
    """Raise OfferInvalid with this sentence unless exactly one of the choices is given."""
    if sum(choice is not None for choice in choices) != 1:
        raise OfferInvalid(sentence)
