"""A promotion tried on past orders: its limits, the stock of its gifts and its steps, counted from zero. Pure.

The orders come in the order in which they were paid, as if the promotion had been there. What a trial has
counted is a few plain values, so that it can be put down after any order and taken up again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from apps.promotions import member_days, terms
from apps.promotions.models import MemberDay, Promotion
from apps.promotions.terms import Terms
from mall.pricing.offers import Offer
from mall.pricing.quote import Quote

# Whose uses are counted, and of which day; None is "any", as in ``Tally``.
Key = tuple[int | None, date | None]

# The limit's column, and whether it is of one member and of one day. The first that is used up is said to
# have stopped an order.
LIMITS: Final = (
    ("limit_total", False, False),
    ("limit_per_day", False, True),
    ("limit_per_member", True, False),
    ("limit_per_member_day", True, True),
)


class Draft(NamedTuple):
    """A promotion as it would begin: nothing of it used yet, switched on or not."""

    promotion_id: int
    terms: Terms
    member_day: MemberDay | None
    limits: Mapping[str, int]
    group_id: int | None = None

    def made_on(self, day: date) -> bool:
        """Whether the offer is made on a Shanghai day."""
        return self.member_day is None or member_days.falls_on(self.member_day, day)

    @property
    def gift_ids(self) -> set[int]:
        """The SKUs that it gives."""
        given = self.terms.kind == Promotion.Kind.GIFT
        return {part.sku_id for part in self.terms.parts} if given else set()


@dataclass(slots=True)
class Trial:
    """A draft under way. ``stock`` is what is left of its gifts, ``units`` what a step-up price has sold.

    ``uses`` are the counts that the coming orders may meet; those that change are in ``changed`` as well. ``inside`` are
    those of their members whom it is for, None for everybody.
    """

    draft: Draft
    uses: dict[Key, int]
    stock: dict[int, int] = field(default_factory=dict)
    units: int = 0
    filled_at: datetime | None = None
    changed: set[Key] = field(default_factory=set)
    inside: Collection[int] | None = None
    _made: Offer | None = None

    def is_for(self, *, member_id: int, day: date) -> bool:
        """Whether the offer is made to a member on a Shanghai day."""
        return self.draft.made_on(day) and (self.inside is None or member_id in self.inside)

    def offer(self, *, at: datetime) -> Offer | None:
        """What is offered at this moment; None for a step-up price that has reached the list price."""
        if self.draft.terms.kind == Promotion.Kind.STEP_PRICE:
            sold = replace(self.draft.terms, units=self.units, filled_at=self.filled_at)
            return terms.offer(sold, at=at)
        if self._made is None:
            self._made = terms.offer(replace(self.draft.terms, in_stock=self.stock), at=at)
        return self._made

    def stopped_by(self, *, member_id: int, day: date) -> str | None:
        """The column of the limit that is used up for this member on this day, None where there is room."""
        for column, by_member, by_day in LIMITS:
            key = (member_id if by_member else None, day if by_day else None)
            limit = self.draft.limits.get(column)
            if limit is not None and self.uses.get(key, 0) >= limit:
                return column
        return None

    def take(self, quote: Quote, *, ref: str, member_id: int, day: date, at: datetime) -> bool:
        """Count the use that a quote makes of the offer; whether it is the member's first."""
        first = not self.uses.get((member_id, None))
        kept = {(member_id, None)} | {
            (member_id if by_member else None, day if by_day else None)
            for column, by_member, by_day in LIMITS
            if column in self.draft.limits
        }
        for key in kept:
            self.uses[key] = self.uses.get(key, 0) + 1
        self.changed |= kept
        for gift in quote.gifts:
            if gift.ref == ref and gift.quantity:
                self.stock[gift.sku_id] -= gift.quantity
                self._made = None
        if self.draft.terms.kind == Promotion.Kind.STEP_PRICE:
            self._sell(quote, ref, at=at)
        return first

    def kept(self) -> dict[str, Any]:
        """What the next chunk needs besides the counts, as plain JSON values."""
        return {
            "stock": {str(sku_id): left for sku_id, left in self.stock.items()},
            "units": self.units,
            "filled_at": self.filled_at.isoformat() if self.filled_at else None,
        }

    def _sell(self, quote: Quote, ref: str, *, at: datetime) -> None:
        self.units += sum(
            item.quantity
            for item in quote.items
            if any(reduction.ref == ref for reduction in item.reductions)
        )
        if self.filled_at is None and self.units >= self.draft.terms.steps[-1][0]:
            self.filled_at = at


def taken_up(
    draft: Draft,
    *,
    uses: dict[Key, int],
    kept: Mapping[str, Any],
    stock: Mapping[int, int],
    inside: Collection[int] | None = None,
) -> Trial:
    """The trial as ``kept`` left it; one that begins has the present ``stock`` of its gifts."""
    if not kept:
        return Trial(draft, uses, dict(stock), inside=inside)
    filled_at = kept["filled_at"]
    return Trial(
        draft,
        uses,
        {int(sku_id): left for sku_id, left in kept["stock"].items()},
        kept["units"],
        datetime.fromisoformat(filled_at) if filled_at else None,
        inside=inside,
    )
