"""What a member brings to a choice: the address that was named, and the coupons; one statement."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from apps.base.planned import Planned
from apps.coupons import selectors as coupon_facts
from apps.members import selectors as member_facts
from apps.members.models import Address, Member
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


class Brought(NamedTuple):
    """An address, where one was named, and the coupons that may be used."""

    address: Address | None
    coupons: list[AnyCoupon]


def read(*, member: Member, address_id: int | None, at: datetime) -> Brought:
    """The member's own address and wallet. Raises NotFound, also for somebody else's address."""
    if address_id is None:
        return Brought(None, coupon_facts.wallet_offers(member=member, at=at))
    row = _BOTH.row(member.pk, at, address_id)
    if row is None:
        raise NotFound
    wallet, *address = row
    return Brought(member_facts.address_told(address), coupon_facts.wallet_told(wallet))
