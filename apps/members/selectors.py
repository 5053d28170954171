"""Everything that reads members' rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import QuerySet

from apps.base import versions
from apps.base.planned import Planned
from apps.base.statements import Select, known
from apps.members.models import Address, Document, GrowthEntry, Level, LevelChange, Member, Membership
from apps.members.tokens import hash_of
from mall.errors import NotFound

_COLUMNS: Final = [field.attname for field in Member._meta.concrete_fields]
# The ``member`` whose live session has the access token of this hash at this moment, for other statements as well, and
# what more they join.
OF_SESSION_WITH: Final = """
      FROM members_session AS session JOIN members_member AS member ON member.id = session.member_id {joined}
     WHERE session.access_hash = $1 AND session.access_expires_at > $2
       AND session.revoked_at IS NULL AND member.disabled_at IS NULL
"""
OF_SESSION: Final = OF_SESSION_WITH.format(joined="")
# What ``as_read`` takes of a ``member``: the row, and the tokens of what is kept.
READ: Final = (
    f"{', '.join(f'member.{field.column}' for field in Member._meta.concrete_fields)}, {versions.COLUMN}"
)
READ_WIDTH: Final = len(_COLUMNS) + 1
_WHO: Final = Planned(
    f"SELECT {READ}" + OF_SESSION,
    "text",
    "timestamptz",
)
# Of the ``address`` of another statement, for ``address_told``.
ADDRESS_COLUMNS: Final = ", ".join(f"address.{field.column}" for field in Address._meta.concrete_fields)
_ADDRESS_NAMES: Final = [field.attname for field in Address._meta.concrete_fields]
_LEVELS: Final = versions.Kept(
    "levels", load=lambda: {level.pk: level for level in Level.objects.order_by("rank")}
)

_ADDRESS: Final = Select(
    lambda *, member_id, address_id: Address.objects.filter(member_id=member_id, pk=address_id).order_by(),
    member_id=int,
    address_id=int,
)


def member_of_token(access: str, *, at: datetime) -> Member | None:
    """Return the member whose live session has this access token, with the level; one statement.

    None if the token is unknown, expired, logged out, or its member disabled. The same statement reads the tokens
    of what is kept (``base.versions``), which the rest of the request goes by.
    """
    row = _WHO.row(hash_of(access), at)
    return None if row is None else as_read(row)


def as_read(row: Sequence[Any]) -> Member:
    """The member of a row of ``READ``, with the level; the rest of the request goes by the tokens in it."""
    versions.look(row[-1])
    member = known(Member, _COLUMNS, row[:-1])
    if member.level_id is not None:
        member.level = level_of(member.level_id)
    return member


def levels() -> list[Level]:
    """Return all levels, the lowest first. They are kept: read them, do not change them."""
    return list(_LEVELS.value().values())


def level_of(level_id: int) -> Level:
    """Return a level. It is kept: read it, do not change it."""
    return _LEVELS.value()[level_id]


def lead_of(member: Member | None) -> timedelta:
    """Return how long before everybody else the member's level lets them in to new goods and offers.

    None at all without a member or a level. No query where the level is at hand, as at every door.
    """
    level = member.level if member else None
    return timedelta(minutes=level.early_access_minutes if level else 0)


def is_in_group(*, member: Member, group_id: int) -> bool:
    """Return whether operators put the member into a group: one statement."""
    return Membership.objects.filter(group_id=group_id, member=member).exists()


def groups_among(*, member: Member, group_ids: Collection[int]) -> frozenset[int]:
    """Return in which of these groups the member is: one statement, none for who never was in any."""
    if not group_ids or not member.ever_grouped:
        return frozenset()
    rows = Membership.objects.filter(member=member, group_id__in=group_ids).order_by()
    return frozenset(rows.values_list("group_id", flat=True))


def members_among(*, group_id: int, member_ids: Collection[int]) -> frozenset[int]:
    """Return which of these members are in a group: one statement."""
    rows = Membership.objects.filter(group_id=group_id, member_id__in=member_ids).order_by()
    return frozenset(rows.values_list("member_id", flat=True))


def growth_entries_of(member: Member) -> QuerySet[GrowthEntry]:
    """Return the ledger of a member's growth."""
    return GrowthEntry.objects.filter(member=member)


def level_changes_of(member: Member) -> QuerySet[LevelChange]:
    """Return how a member rose and fell, with the levels at hand."""
    return LevelChange.objects.filter(member=member).select_related("from_level", "to_level")


def addresses_of(member: Member) -> QuerySet[Address]:
    """Return a member's addresses, the default first, then newest first."""
    return Address.objects.filter(member=member).order_by("-is_default", "-id")


def has_address_column(place: str) -> str:
    """Whether the address whose id stands at the place is the ``member``'s, for a statement that has one."""
    return f"EXISTS (SELECT FROM members_address WHERE id = {place} AND member_id = member.id)"


def address_of(*, member: Member, address_id: int) -> Address:
    """Return one of the member's own addresses. Raises NotFound, also for somebody else's."""
    address = _ADDRESS.first(member_id=member.pk, address_id=address_id)
    if address is None:
        raise NotFound
    return address


def address_told(row: Sequence[Any]) -> Address:
    """The address that ``ADDRESS_COLUMNS`` said."""
    return known(Address, _ADDRESS_NAMES, row)


def by_public_id(public_id: str) -> Member:
    """The living member with this number, as operators read it. Raises NotFound."""
    member = Member.objects.filter(public_id=public_id, erased_at=None).first()
    if member is None:
        raise NotFound("没有这位会员")
    return member


def current_document(*, kind: str) -> Document | None:
    """Return the version of a document that is in force: the one published last."""
    return (
        Document.objects.filter(kind=kind, published_at__isnull=False)
        .order_by("-published_at", "-id")
        .first()
    )
