"""Where members stand: the levels, the growth that counts now, and what is missing to the next level."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db.models import F, Sum

from apps.members import selectors as member_facts
from apps.members.models import GrowthEntry, Level, Member

PERIOD: Final = timedelta(days=365)


class Standing(NamedTuple):
    """A member's level, the growth of the last 365 days, the next level with what is missing to it, all levels."""

    level: Level | None
    growth: int
    valid_until: datetime | None
    next_level: Level | None
    missing: int
    levels: list[Level]


def growth_of_period(member: Member, *, at: datetime) -> int:
    """The growth that counts at this moment: that of the 365 days before it, never below 0."""
    rows = GrowthEntry.objects.filter(member=member, counts_at__gt=at - PERIOD, counts_at__lte=at)
    return max(0, rows.aggregate(sum=Sum("change"))["sum"] or 0)


def earned_level(member: Member, *, at: datetime) -> Level | None:
    """The highest level that the growth of this moment reaches, None where it reaches none."""
    return earned_levels([member], at=at)[member.pk]


def earned_levels(members: Collection[Member], *, at: datetime) -> dict[int, Level | None]:
    """Likewise of each of these members, by their ids: one statement beside the levels, which are kept."""
    rows = GrowthEntry.objects.filter(
        member__in=members, counts_at__gt=at - PERIOD, counts_at__lte=at
    ).order_by()
    sums = dict(rows.values_list("member_id").annotate(sum=Sum("change")).values_list("member_id", "sum"))
    levels = reachable(member_facts.levels())
    reached = {
        member.pk: [level for level in levels if level.growth_threshold <= max(0, sums.get(member.pk, 0))]
        for member in members
    }
    return {pk: some[-1] if some else None for pk, some in reached.items()}


def reachable(every: list[Level]) -> list[Level]:
    """The levels that growth leads to: the lowest, and those with a threshold; the others are given by hand."""
    return [level for level in every if level.growth_threshold or level is every[0]]


def of_member(member: Member, *, at: datetime) -> Standing:
    """Where this member stands: one statement beside the member's own."""
    growth = growth_of_period(member, at=at)
    rank = member.level.rank if member.level else -1
    every = member_facts.levels()
    higher = next((level for level in reachable(every) if level.rank > rank), None)
    missing = max(0, higher.growth_threshold - growth) if higher else 0
    return Standing(member.level, growth, member.level_valid_until, higher, missing, every)


class Unbalanced(NamedTuple):
    """A member whose growth is not the sum of its ledger."""

    member_id: int
    growth: int
    booked: int


def unbalanced() -> list[Unbalanced]:
    """The members whose growth is not the sum of their entries: none, if all is well."""
    rows = (
        Member.objects.order_by("id")
        .annotate(booked=Sum("growth_entries__change", default=0))
        .exclude(growth=F("booked"))
        .values_list("id", "growth", "booked")
    )
    return [Unbalanced(*row) for row in rows]
