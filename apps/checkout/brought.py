"""What a member brings to a choice: the address that was named, and the coupons; one statement, with who calls."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import orjson
from django.http import UnreadablePostError
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.base.inputs import MAX_BIGINT
from apps.base.planned import Planned
from apps.coupons import selectors as coupon_facts
from apps.members import selectors as member_facts
from apps.members.auth import token_of
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
# A choice of a hundred goods says less.
_LONGEST: Final = 8_000
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


def look_up(request: Request) -> None:
    """Find out who calls together with what they bring, before authentication asks who it is: one statement for both.

    Whatever is wrong with the token or the body is for those to say who would have met it anyway. Raises
    AuthenticationFailed for a token that is nobody's, as authentication does.
    """
    plain: Any = request._request
    length = plain.META.get("CONTENT_LENGTH") or ""
    if not (length.isascii() and length.isdigit() and int(length) <= _LONGEST):
        return
    try:
        token = token_of(plain)
    except AuthenticationFailed:
        return
    if token is None:
        return
    try:
        address_id, at = _address_in(plain.body), timezone.now()
    except UnreadablePostError:
        return
    row = _WITH_WHO_CALLS.row(hash_of(token), at, address_id)
    if row is None:
        raise AuthenticationFailed
    width = member_facts.READ_WIDTH
    member = member_facts.as_read(row[:width])
    member.__dict__["said_at_the_door"] = _Said(at, address_id, row[width], row[width + 1 :])
    plain.came_as = member, token


def read(*, member: Member, address_id: int | None, at: datetime) -> Brought:
    """The member's own address and wallet. Raises NotFound, also for somebody else's address.

    The first time it is as the door was told, where this was just now and of this address: no statement.
    """
    said: _Said | None = member.__dict__.pop("said_at_the_door", None)
    if said is not None and address_id in {None, said.address_id} and at - said.at < _FRESH:
        return _told(said.wallet, None if address_id is None else said.address)
    if address_id is None:
        return Brought(None, coupon_facts.wallet_offers(member=member, at=at))
    row = _BOTH.row(member.pk, at, address_id)
    if row is None:
        raise NotFound
    wallet, *address = row
    return _told(wallet, tuple(address))


def _told(wallet: str | None, address: tuple[Any, ...] | None) -> Brought:
    """Of the columns of one of the statements; no address is asked for by None. Raises NotFound where it has none."""
    if address is not None and address[0] is None:
        raise NotFound
    return Brought(member_facts.address_told(address) if address else None, coupon_facts.wallet_told(wallet))


def _address_in(body: bytes) -> int:
    """The address that a body names, if it is one that names any: what else it says is for others to judge."""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _NO_ADDRESS
    named = said.get("address_id") if isinstance(said, dict) else None
    return named if type(named) is int and 0 < named <= MAX_BIGINT else _NO_ADDRESS
