"""What a member brings to a choice: the address that was named, and the coupons; one statement, with who calls."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from apps.base.planned import Planned
from apps.coupons import selectors as coupon_facts
from apps.members import selectors as member_facts
from apps.members.models import Address, Member
from apps.members.tokens import hash_of
from mall.errors import NotFound
from mall.pricing.offers import AnyCoupon

_BOTH: Final = Planned(
    f"""
    SELECT {coupon_facts.wallet_column(member_id="$1", at="$2")}, {member_facts.ADDRESS_COLUMNS}
      FROM members_address AS address WHERE address.id = $3 AND address.member_id = $1
    """,  # noqa: S608 -- columns of our own
    "bigint",
    "timestamptz",
    "bigint",
)
_WITH_WHO_CALLS: Final = Planned(
    f"SELECT {member_facts.READ}, {coupon_facts.wallet_column(member_id='member.id', at='$2')},"
    f" {member_facts.ADDRESS_COLUMNS}"
    + member_facts.OF_SESSION_WITH.format(
        joined="LEFT JOIN members_address AS address ON address.id = $3 AND address.member_id = member.id"
    ),
    "text",
    "timestamptz",
    "bigint",
)
# Whoever is slower, for the machine is busy, asks again: by then a coupon may have begun, or ended.
_FRESH: Final = timedelta(seconds=1)
_NO_ADDRESS: Final = 0


class Brought(NamedTuple):
    """An address, where one was named, and the coupons that may be used."""

    address: Address | None
    coupons: list[AnyCoupon]


class _Said(NamedTuple):
    """What the statement that said who calls said beside: as of which moment, of which address."""

    at: datetime
    address_id: int
    wallet: str | None
    address: tuple[Any, ...]


def by_token(token: str, *, address_id: int | None, at: datetime) -> Member | None:
    """The member whose session has this access token, as ``members.selectors.member_of_token`` finds them, and with it what
    ``read`` is asked for next: one statement for both.
    """
    named = _NO_ADDRESS if address_id is None else address_id
    row = _WITH_WHO_CALLS.row(hash_of(token), at, named)
    if row is None:
        return None
    width = member_facts.READ_WIDTH
    member = member_facts.as_read(row[:width])
    member.__dict__["said_at_the_door"] = _Said(at, named, row[width], row[width + 1 :])
    return member


def read(*, member: Member, address_id: int | None, at: datetime) -> Brought:
    """The member's own address and wallet. Raises NotFound, also for somebody else's address.

    The first time it is as the door was told, where this was just now and of this address: no statement.
    """
    said: _Said | None = member.__dict__.pop("said_at_the_door", None)
    if said is not None and address_id in {None, said.address_id} and at - said.at < _FRESH:
        return _told(said.wallet, None if address_id is None else said.address, at=at)
    if address_id is None:
        return Brought(None, coupon_facts.wallet_offers(member=member, at=at))
    row = _BOTH.row(member.pk, at, address_id)
    if row is None:
        raise NotFound
    wallet, *address = row
    return _told(wallet, tuple(address), at=at)


def _told(wallet: str | None, address: tuple[Any, ...] | None, *, at: datetime) -> Brought:
    """Of the columns of one of the statements; no address is asked for by None. Raises NotFound where it has none."""
    if address is not None and address[0] is None:
        raise NotFound
    coupons = coupon_facts.wallet_told(wallet, at=at)
    return Brought(member_facts.address_told(address) if address else None, coupons)
