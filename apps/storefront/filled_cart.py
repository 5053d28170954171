"""What lies in a member's cart, and how much of each is left: one statement, with who calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from apps.base.planned import Planned
from apps.carts import selectors as cart_facts
from apps.carts.selectors import InCart
from apps.inventory import selectors as stock_facts
from apps.members import selectors as member_facts
from apps.members.models import Member
from apps.members.tokens import hash_of


def _columns(member_id: str) -> str:
    lies = cart_facts.lines_column(member_id)
    left = stock_facts.free_column(f"ARRAY({cart_facts.skus_query(member_id)})")
    return f"{lies}, {left}"


_ALONE: Final = Planned(f"SELECT {_columns('$1')}", "bigint")
_WITH_WHO_CALLS: Final = Planned(
    f"SELECT {member_facts.READ}, {_columns('member.id')}" + member_facts.OF_SESSION, "text", "timestamptz"
)
# Whoever is slower, for the machine is busy, asks again.
_FRESH: Final = timedelta(seconds=1)


class Filled(NamedTuple):
    """The lines of a cart, what was added last first, and what is free of their SKUs; one that lies nowhere is missing."""

    lines: Sequence[InCart]
    free: Mapping[int, int]


class _Said(NamedTuple):
    """What the statement that said who calls said beside, and when."""

    at: datetime
    lies: str | None
    left: str | None


def by_token(token: str, *, at: datetime) -> Member | None:
    """The member whose session has this access token, as ``members.selectors.member_of_token`` finds them, and with it what
    ``read`` is asked for next: one statement for both.
    """
    row = _WITH_WHO_CALLS.row(hash_of(token), at)
    if row is None:
        return None
    width = member_facts.READ_WIDTH
    member = member_facts.as_read(row[:width])
    member.__dict__["cart_at_the_door"] = _Said(at, *row[width:])
    return member


def read(*, member: Member, at: datetime) -> Filled:
    """The member's cart. The first time it is as the door was told, where this was just now: no statement, else one."""
    said: _Said | None = member.__dict__.pop("cart_at_the_door", None)
    if said is None or at - said.at >= _FRESH:
        ((lies, left),) = _ALONE.rows(member.pk)
        said = _Said(at, lies, left)
    return Filled(cart_facts.lines_told(said.lies), stock_facts.free_told(said.left))
