"""Refs: what an offer is called in quotes and orders, as a type; parsed and printed here and nowhere else.

Printed they are short texts that stay readable for ever, since orders keep them: ``promotion:12``, with the stage
of its price ``promotion:12@1``, ``level:3`` and ``level:3:postage``, ``coupon:<public id>``, ``points``, and for a
kind of activity ``points_good:7``. Offers carry the printed form, because an engine only compares and sorts names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from uuid import UUID

PROMOTION: Final = "promotion"
LEVEL: Final = "level"
COUPON: Final = "coupon"
POINTS: Final = "points"
# What is not an activity's: a kind of activity is called something else.
OWN_KINDS: Final = frozenset({PROMOTION, LEVEL, COUPON, POINTS})

_POSTAGE: Final = "postage"
_NUMBER: Final = "[0-9]{1,19}"
_UUID: Final = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_FORMS: Final = {
    PROMOTION: re.compile(rf"promotion:({_NUMBER})(?:@([0-9]{{1,4}}))?"),
    LEVEL: re.compile(rf"level:({_NUMBER})(?::({_POSTAGE}))?"),
    COUPON: re.compile(rf"coupon:({_UUID})()"),
    POINTS: re.compile(r"points()()"),
}
# Of an activity: its kind, and what an order of it names.
_ACTIVITY: Final = re.compile(r"([a-z][a-z_]{0,19}):([0-9A-Za-z_-]{1,40})")


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """The name of an offer: its kind, which one of them, and which part of it where it has several.

    Raises ValueError for what could not be read back.
    """

    kind: str
    key: str = ""
    part: str = ""

    def __post_init__(self) -> None:
        if _parts(str(self)) != (self.kind, self.key, self.part):
            raise ValueError(f"no ref is called {self.kind!r}, {self.key!r}, {self.part!r}")

    def __str__(self) -> str:
        if not self.key:
            return self.kind
        separator = ":" if self.kind == LEVEL else "@"
        return f"{self.kind}:{self.key}{separator + self.part if self.part else ''}"

    @property
    def stage(self) -> int | None:
        """The stage of a promotion's price that was quoted; None for most kinds."""
        return int(self.part) if self.kind == PROMOTION and self.part else None

    @property
    def sets_price(self) -> bool:
        """Whether it is what a unit costs (lane PRICE: a level's, an activity's, a stepped price), not taken off that."""
        return self.kind not in OWN_KINDS or self.stage is not None or (self.kind == LEVEL and not self.part)

    @property
    def public_id(self) -> UUID | None:
        """The public id of a coupon; None for another kind of offer."""
        return UUID(self.key) if self.kind == COUPON else None


def promotion(promotion_id: int | str, *, stage: int | None = None) -> Ref:
    """The ref of a promotion's offer, in one stage of its price where that has several."""
    return Ref(PROMOTION, str(promotion_id), "" if stage is None else str(stage))


def coupon(public_id: UUID | str) -> Ref:
    """The ref of a coupon's offer."""
    return Ref(COUPON, str(public_id).lower())


def coupon_text(public_id: UUID | str) -> str:
    """The printed ref of a coupon's offer; a wallet has many, and an id as the database prints it cannot be misread."""
    return f"{COUPON}:{public_id}"


def coupon_id(text: str) -> str | None:
    """The public id of the coupon that a printed ref names; None for another kind of offer."""
    found = _FORMS[COUPON].fullmatch(text)
    return found[1] if found else None


def level(level_id: int) -> Ref:
    """The ref of a level's prices."""
    return Ref(LEVEL, str(level_id))


def level_postage(level_id: int) -> Ref:
    """The ref of a level's free postage."""
    return Ref(LEVEL, str(level_id), _POSTAGE)


def points() -> Ref:
    """The ref of the points deduction: a buyer has one purse."""
    return Ref(POINTS)


def activity(kind: str, key: int | str) -> Ref:
    """The ref of an activity's price: the kind of activity, and what an order of it names."""
    if kind in OWN_KINDS:
        raise ValueError(f"{kind} is no kind of activity")
    return Ref(kind, str(key))


@lru_cache(maxsize=1024)
def read(text: str) -> Ref | None:
    """What a printed ref names; None for a text that names nothing."""
    parts = _parts(text)
    return Ref(*parts) if parts else None


def sql_kind(column: str) -> str:
    """SQL for the kind of the printed ref in a column, where rows are too many to be read one by one."""
    return f"split_part({column}, ':', 1)"


def sql_key(column: str) -> str:
    """SQL for the key of the printed ref in a column, without the part behind it; empty where there is none."""
    return f"split_part(split_part({column}, ':', 2), '@', 1)"


@lru_cache(maxsize=1024)
def _parts(text: str) -> tuple[str, str, str] | None:
    """Kind, key and part of a printed ref."""
    kind = text.partition(":")[0]
    if kind in OWN_KINDS:
        found = _FORMS[kind].fullmatch(text)
        return (kind, found[1], found[2] or "") if found else None
    named = _ACTIVITY.fullmatch(text)
    return (named[1], named[2], "") if named else None
