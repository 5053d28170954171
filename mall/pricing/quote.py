"""The quote: a price with its reasons, frozen; it cannot be built from figures that do not add up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from mall.pricing.scope import Scope

# What a reduction is taken off: the goods, or the freight.
ReductionKind = Literal["goods", "freight"]
GOODS: Final = "goods"
FREIGHT: Final = "freight"


class Reduction(NamedTuple):
    """One offer's part in making something cheaper: ``amount_fen`` is positive."""

    ref: str
    label: str
    amount_fen: int
    kind: ReductionKind = GOODS

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"ref": self.ref, "label": self.label, "kind": self.kind, "amount_fen": self.amount_fen}


class Declined(NamedTuple):
    """An offer that did not apply, and why, in Chinese for the buyer.

    ``short_by_fen`` is how much more of the goods in its scope would do, None where money is not what is
    missing.
    """

    ref: str
    label: str
    reason: str
    short_by_fen: int | None = None
    # The reason says what to buy more of.
    advises: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "ref": self.ref,
            "label": self.label,
            "reason": self.reason,
            "short_by_fen": self.short_by_fen,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Gifted:
    """A gift that comes with the goods: ``quantity`` of the SKU, and how many more are out of stock."""

    ref: str
    label: str
    sku_id: int
    title: str
    quantity: int
    missing: int

    def __post_init__(self) -> None:
        if self.quantity < 0 or self.missing < 0 or not self.quantity + self.missing:
            raise ValueError(f"a gift of {self.quantity} and {self.missing} missing of SKU {self.sku_id}")

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "ref": self.ref,
            "label": self.label,
            "sku_id": self.sku_id,
            "title": self.title,
            "quantity": self.quantity,
            "missing": self.missing,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """凑单: what buying a little more would bring, in Chinese for the buyer.

    Either ``short_by_fen`` or ``short_by_pieces`` is missing, of goods in ``scope``. ``gain_fen`` is how much
    more is taken off then than now (always positive), None where that depends on the goods added or is a gift.
    """

    ref: str
    label: str
    reason: str
    short_by_fen: int | None
    short_by_pieces: int | None
    gain_fen: int | None
    scope: Scope

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "ref": self.ref,
            "label": self.label,
            "reason": self.reason,
            "short_by_fen": self.short_by_fen,
            "short_by_pieces": self.short_by_pieces,
            "gain_fen": self.gain_fen,
            "scope": self.scope.as_dict(),
        }


class Weighed(NamedTuple):
    """A coupon in the balance: what the buyer saves with it, or why it cannot be used on this basket.

    ``saving_fen`` is what the goods and the freight together cost less with it than without (points count as
    the money that they pay); it may be nothing or negative where the coupon takes a basket below free
    postage. ``reason`` is empty for a usable coupon.
    """

    ref: str
    label: str
    saving_fen: int
    reason: str = ""
    short_by_fen: int | None = None
    advises: bool = False

    @property
    def usable(self) -> bool:
        """Whether it takes something off."""
        return not self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of the quote: its list price, what took it down, and what is paid for it.

    ``payable_fen``, split over the units (``money.split_units``), is the line's refund value for ever. ``is_packing``
    says that it is what the goods are wrapped in, and no good of its own (``packing``).
    Raises ValueError where list − reductions ≠ payable, or a reduction or the payable is out of bounds.
    """

    sku_id: int
    title: str
    quantity: int
    unit_price_fen: int
    list_fen: int
    reductions: tuple[Reduction, ...]
    payable_fen: int
    is_packing: bool = False

    def __post_init__(self) -> None:
        reduced_fen = sum(reduction.amount_fen for reduction in self.reductions)
        if self.list_fen - reduced_fen != self.payable_fen or self.payable_fen < 0:
            raise ValueError(f"the line of SKU {self.sku_id} does not add up")
        if any(reduction.amount_fen < 1 for reduction in self.reductions):
            raise ValueError(f"the line of SKU {self.sku_id} has a reduction of nothing")

    def as_dict(self) -> dict[str, Any]:
        """The contract's JSON of a line."""
        return {
            "sku_id": self.sku_id,
            "title": self.title,
            "quantity": self.quantity,
            "unit_price_fen": self.unit_price_fen,
            "list_fen": self.list_fen,
            "reductions": [reduction.as_dict() for reduction in self.reductions],
            "payable_fen": self.payable_fen,
            "is_packing": self.is_packing,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What the basket costs, and why.

    ``goods_fen`` is the list price of all lines, ``reduction_fen`` what offers took off the goods,
    ``shipping_fen`` the freight after free postage. ``applied`` holds each offer that took something off,
    with its total over all lines; those of kind ``goods`` add up to ``reduction_fen``, those of kind ``freight`` are
    the freight that is not charged. ``shipping_known`` is False while there is no
    destination. ``undeliverable`` names the SKUs that no tariff reaches: no freight is charged for them, and
    such a quote must not become an order.
    ``gifts`` come with the goods and are no items: nothing is paid for them. ``points_used`` is what the buyer
    gives up for the points deduction, or the points good, among ``applied``. Raises ValueError unless
    goods - reduction + shipping = payable = Σ lines + shipping, and the reductions of the goods explain themselves.
    """

    items: tuple[Item, ...]
    goods_fen: int
    reduction_fen: int
    shipping_fen: int
    payable_fen: int
    applied: tuple[Reduction, ...]
    declined: tuple[Declined, ...]
    shipping_known: bool
    undeliverable: tuple[int, ...]
    gifts: tuple[Gifted, ...] = ()
    hints: tuple[Hint, ...] = ()
    points_used: int = 0

    def __post_init__(self) -> None:
        lines_fen = sum(item.payable_fen for item in self.items)
        if self.shipping_fen < 0 or lines_fen + self.shipping_fen != self.payable_fen:
            raise ValueError("lines and shipping do not add up to what is payable")
        if self.goods_fen - self.reduction_fen != lines_fen:
            raise ValueError("the reductions do not explain what the goods cost")
        if self.reduction_fen != sum(off.amount_fen for off in self.applied if off.kind == GOODS):
            raise ValueError("what was applied to the goods does not add up")

    @property
    def goods(self) -> tuple[Item, ...]:
        """The items that were chosen as goods: without what they are packed in."""
        return tuple(item for item in self.items if not item.is_packing)

    @property
    def freight_fen(self) -> int:
        """The freight before relief."""
        return self.shipping_fen + sum(off.amount_fen for off in self.applied if off.kind == FREIGHT)

    def as_dict(self) -> dict[str, Any]:
        """The contract's JSON of a quote, plain values only."""
        return {
            "items": [item.as_dict() for item in self.items],
            "goods_fen": self.goods_fen,
            "reduction_fen": self.reduction_fen,
            "freight_fen": self.freight_fen,
            "shipping_fen": self.shipping_fen,
            "payable_fen": self.payable_fen,
            "applied": [reduction.as_dict() for reduction in self.applied],
            "declined": [declined.as_dict() for declined in self.declined],
            "gifts": [gift.as_dict() for gift in self.gifts],
            "hints": [hint.as_dict() for hint in self.hints],
            "points_used": self.points_used,
        }
