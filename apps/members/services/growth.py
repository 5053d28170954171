"""Growth and levels: growth is booked once per cause, a level is reached at once and kept for a year.

What counts for the level is the growth of the last 365 days. A level lasts 365 days from the day it was
reached; then the sweep looks at the growth of its last 365 days and renews it or lets it fall. What a refund
takes back counts as of the day on which it was given: a level that was reached only with it is lost at once.
Every writer locks the member first.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F

from apps.base import planned, transactions
from apps.members import standing
from apps.members.models import GrowthEntry, Level, LevelChange, Member
from apps.outbox import services as outbox
from mall.errors import Invalid, NotFound
from mall.events import LevelChanged

# An entry for each cause, and the sum in the member's own row.
_GROW: Final = """
    WITH told AS MATERIALIZED (
        SELECT * FROM unnest(%(members)s::bigint[], %(amounts)s::bigint[], %(causes)s::text[])
                      AS told (member_id, amount, cause)
    ), booked AS (
        INSERT INTO members_growthentry (member_id, change, business_key, counts_at, at)
        SELECT member_id, amount, cause, %(at)s, %(at)s FROM told ORDER BY member_id
    )
    UPDATE members_member AS member SET growth = member.growth + told.amount
      FROM told WHERE member.id = told.member_id
"""
KEPT_FOR: Final = timedelta(days=365)


class ReasonMissing(Invalid):
    """An operator who sets a level by hand says why."""

    code = "reason_missing"
    message = "请填写调整原因"


@transaction.atomic
def add(*, member_id: int, amount: int, cause: str, at: datetime, counts_at: datetime | None = None) -> None:
    """Add growth, or take some back where ``amount`` is negative, and let the member rise or fall at once.

    ``cause`` (at most 80 characters) is unique per member: the same one changes nothing again. Growth never
    falls below 0. ``counts_at`` says as of when it counts, ``at`` if nothing is said.
    """
    member = _lock(member_id)
    if GrowthEntry.objects.filter(member=member, business_key=cause).exists():
        return
    change = max(amount, -member.growth)
    GrowthEntry.objects.create(
        member=member, change=change, business_key=cause, counts_at=counts_at or at, at=at
    )
    Member.objects.filter(pk=member.pk, growth__gte=-change).update(growth=F("growth") + change)
    if change < 0:
        _fall_where_reached_by_it(member, at=at)
    else:
        _rise(member, standing.earned_level(member, at=at), at=at)


def add_many(growth: Mapping[int, tuple[int, str]], *, at: datetime) -> None:
    """Add growth ≥ 1 to many members, each for a cause of their own, as ``add`` does; by member the amount and the cause.

    In the caller's transaction, which is rolled back where a cause was booked before: a few statements for all, and some
    more for each who rises. Raises IntegrityError then, and NotFound for an unknown member.
    """
    transactions.require()
    locked = Member.objects.select_for_update(of=("self",), no_key=True).select_related("level")
    told = locked.filter(pk__in=growth.keys()).only("level", "level__rank")
    members = list(told.order_by("pk"))
    if len(members) != len(growth):
        raise NotFound
    amounts, causes = zip(*growth.values(), strict=True) if growth else ((), ())
    planned.rows(_GROW, {"members": list(growth), "amounts": list(amounts), "causes": list(causes), "at": at})
    earned = standing.earned_levels(members, at=at)
    for member in members:
        _rise(member, earned[member.pk], at=at)


@transaction.atomic
def set_by_hand(*, member_id: int, level_id: int, reason: str, operator: Any, at: datetime) -> None:
    """Set the level an operator chose, for 365 days from now, with the reason in the history.

    Raises ReasonMissing, and NotFound for an unknown member or level. The level that the member has already
    changes nothing.
    """
    if not reason.strip():
        raise ReasonMissing
    member = _lock(member_id)
    level = Level.objects.filter(pk=level_id).first()
    if level is None:
        raise NotFound
    if member.level_id != level.pk:
        _set(member, level, why=LevelChange.Why.BY_HAND, note=reason.strip()[:100], operator=operator, at=at)


def review_due(*, at: datetime, limit: int = 200) -> int:
    """Renew or lower each level whose year is over, one transaction a member; return how many were looked at."""
    reviewed = 0
    while reviewed < limit and _review_next(at=at):
        reviewed += 1
    return reviewed


@transaction.atomic
def _review_next(*, at: datetime) -> bool:
    member = (
        Member.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
        .select_related("level")
        .filter(level_valid_until__lte=at)
        .order_by("level_valid_until", "id")
        .first()
    )
    if member is None:
        return False
    earned = standing.earned_level(member, at=at)
    if earned is not None and member.level is not None and earned.rank < member.level.rank:
        _set(member, earned, why=LevelChange.Why.PERIOD, at=at)
    else:
        Member.objects.filter(pk=member.pk).update(level_valid_until=_end(member.level, at=at))
    return True


def _rise(member: Member, earned: Level | None, *, at: datetime) -> None:
    if earned is not None and (member.level is None or earned.rank > member.level.rank):
        _set(member, earned, why=LevelChange.Why.GROWTH, at=at)


def _fall_where_reached_by_it(member: Member, *, at: datetime) -> None:
    """Lower a level that growth reached, if neither then nor now the growth that is left would reach it."""
    latest = LevelChange.objects.filter(member=member).order_by("-id").first()
    if latest is None or latest.why != LevelChange.Why.GROWTH or member.level is None:
        return
    reached = [standing.earned_level(member, at=moment) for moment in (latest.at, at)]
    best = max((level for level in reached if level), key=lambda level: level.rank, default=None)
    if best is not None and best.rank < member.level.rank:
        _set(member, best, why=LevelChange.Why.REFUND, at=at)


def _set(
    member: Member,
    level: Level,
    *,
    why: LevelChange.Why,
    note: str = "",
    operator: Any = None,
    at: datetime,
) -> None:
    change = LevelChange.objects.create(
        member=member,
        from_level_id=member.level_id,
        to_level=level,
        why=why,
        note=note,
        operator=operator,
        at=at,
    )
    Member.objects.filter(pk=member.pk).update(
        level=level, level_since=at, level_valid_until=_end(level, at=at)
    )
    outbox.publish(LevelChanged(member_id=member.pk, level_change_id=change.pk), at=at)


def _end(level: Level | None, *, at: datetime) -> datetime | None:
    """When the level is looked at again; the lowest one cannot fall."""
    lowest = Level.objects.order_by("rank").first()
    return None if level is None or level == lowest else at + KEPT_FOR


def _lock(member_id: int) -> Member:
    member = (
        Member.objects.select_for_update(of=("self",), no_key=True)
        .select_related("level")
        .filter(pk=member_id)
        .first()
    )
    if member is None:
        raise NotFound
    return member
