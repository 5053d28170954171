"""Everything that reads members' rows."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet

from apps.members.models import Address, Document, GrowthEntry, LevelChange, Member, Session
from apps.members.tokens import hash_of
from mall.errors import NotFound


def member_of_token(access: str, *, at: datetime) -> Member | None:
    """Return the member whose live session has this access token, with the level; one statement.

    None if the token is unknown, expired, logged out, or its member disabled.
    """
    session = (
        Session.objects.select_related("member__level")
        .filter(
            access_hash=hash_of(access),
            access_expires_at__gt=at,
            revoked_at__isnull=True,
            member__disabled_at__isnull=True,
        )
        .first()
    )
    return session.member if session else None


def lead_of(member: Member | None) -> timedelta:
    """Return how long before everybody else the member's level lets them in to new goods and offers.

    None at all without a member or a level. No query where the level is at hand, as at every door.
    """
    level = member.level if member else None
    return timedelta(minutes=level.early_access_minutes if level else 0)


def growth_entries_of(member: Member) -> QuerySet[GrowthEntry]:
    """Return the ledger of a member's growth."""
    return GrowthEntry.objects.filter(member=member)


def level_changes_of(member: Member) -> QuerySet[LevelChange]:
    """Return how a member rose and fell, with the levels at hand."""
    return LevelChange.objects.filter(member=member).select_related("from_level", "to_level")


def addresses_of(member: Member) -> QuerySet[Address]:
    """Return a member's addresses, the default first, then newest first."""
    return Address.objects.filter(member=member).order_by("-is_default", "-id")


def address_of(*, member: Member, address_id: int) -> Address:
    """Return one of the member's own addresses. Raises NotFound, also for somebody else's."""
    address = Address.objects.filter(member=member, pk=address_id).first()
    if address is None:
        raise NotFound
    return address


def current_document(*, kind: str) -> Document | None:
    """Return the version of a document that is in force: the one published last."""
    return (
        Document.objects.filter(kind=kind, published_at__isnull=False)
        .order_by("-published_at", "-id")
        .first()
    )
