"""A slot: one time of one day in one shop, as it is called, read and refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final, NamedTuple

from apps.base import days
from apps.pickup.states import SlotState
from mall.errors import Invalid, Kind, ShopError

# Today and the days after it on which a slot can be chosen.
DAYS_AHEAD: Final = 7
LONGEST_ID: Final = 40
_ID: Final = re.compile(r"([1-9][0-9]{0,17})-([0-9]{8})-([0-9]{2})([0-9]{2})-([0-9]{2})([0-9]{2})", re.ASCII)


class SlotInvalid(Invalid):
    """Not a slot's id as a shop's list prints it."""

    message = "配送时段有误"


class SlotNotOffered(ShopError):
    """No such time in this shop for this way: of another shop, changed, closed, or too far ahead. ``details``: ``slot``."""

    code = "slot_not_offered"
    message = "该门店不提供所选时段，请重新选择"
    kind = Kind.CONFLICT


class SlotFull(ShopError):
    """As many orders as it takes have it. ``details``: ``slot``."""

    code = "slot_full"
    message = "该时段已约满，请选择其他时段"
    kind = Kind.CONFLICT


class SlotPassed(ShopError):
    """Orders for it are taken no more. ``details``: ``slot``, ``order_by``."""

    code = "slot_passed"
    message = "该时段已截止下单，请选择其他时段"
    kind = Kind.CONFLICT


class Named(NamedTuple):
    """What a slot's id names: a time of the week on one day, as it was when it was printed."""

    template_id: int
    day: date
    begins: time
    ends: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A slot as it stands now: ``[starts_at, ends_at)``, taken until ``order_by``; ``left`` seats are free."""

    template_id: int
    place_id: int
    kind: str
    day: date
    begins: time
    ends: time
    order_before_min: int
    left: int
    state: SlotState

    @property
    def id(self) -> str:
        """As it is called: another time of the same row is another slot."""
        return f"{self.template_id}-{self.day:%Y%m%d}-{self.begins:%H%M}-{self.ends:%H%M}"

    @property
    def starts_at(self) -> datetime:
        return days.moment(self.day, self.begins)

    @property
    def ends_at(self) -> datetime:
        return days.moment(self.day, self.ends)

    @property
    def order_by(self) -> datetime:
        """From then on it is not taken any more."""
        return closes_at(self.day, self.begins, order_before_min=self.order_before_min)

    def require_open(self) -> None:
        """Raise SlotFull, SlotPassed where no order is taken for it."""
        if self.state == SlotState.FULL:
            raise SlotFull(details={"slot": self.id})
        if self.state == SlotState.PASSED:
            raise SlotPassed(details={"slot": self.id, "order_by": days.told(self.order_by)})

    def as_order(self) -> dict[str, Any]:
        """As an order keeps it: a copy."""
        return {
            "id": self.id,
            "day": self.day.isoformat(),
            "from": f"{self.begins:%H:%M}",
            "until": f"{self.ends:%H:%M}",
            "starts_at": self.starts_at.isoformat(),
            "ends_at": self.ends_at.isoformat(),
            "order_by": self.order_by.isoformat(),
        }

    def shown(self) -> dict[str, Any]:
        """As lists and quotes answer it: with how it stands."""
        return {
            **self.as_order(),
            "kind": self.kind,
            "left": self.left,
            "state": self.state.value,
            "state_text": str(self.state.label),
        }


def read(slot_id: str) -> Named:
    """What an id names. Raises SlotInvalid."""
    found = _ID.fullmatch(slot_id)
    try:
        if found is None:
            raise ValueError(slot_id)
        template_id, _, *clocks = map(int, found.groups())
        day = date.fromisoformat(found[2])
        begins, ends = time(clocks[0], clocks[1]), time(clocks[2], clocks[3])
    except ValueError:
        raise SlotInvalid(details={"delivery": {"slot": ["请选择列表中的时段"]}}) from None
    return Named(template_id, day, begins, ends)


def closes_at(day: date, begins: time, *, order_before_min: int) -> datetime:
    """From when on no order is taken for a slot."""
    return days.moment(day, begins) - timedelta(minutes=order_before_min)


def state_of(*, left: int, order_by: datetime, at: datetime) -> SlotState:
    """How a slot stands at a moment; what has passed is passed, full or not."""
    if order_by <= at:
        return SlotState.PASSED
    return SlotState.OPEN if left > 0 else SlotState.FULL
