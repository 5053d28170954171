"""Groups of members: who is put in and taken out, by lists of member numbers of any length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Final, NamedTuple

from apps.base import judging
from apps.members.models import Group, Member, Membership
from mall.errors import Faulty, NotFound

CHUNK: Final = 5_000


class Changed(NamedTuple):
    """How many members were put in or taken out, and how many numbers nobody has."""

    members: int
    unknown: int


class GroupRefused(Faulty):
    """A group that cannot be: without a name, or with that of another."""

    code = "group_refused"


def save(group: Group) -> Group:
    """Save a new or changed group. Raises GroupRefused."""
    judging.refuse(GroupRefused, group)
    group.save()
    return group


def add(*, group_id: int, member_numbers: Iterable[str], at: datetime) -> Changed:
    """Put the members with these public ids, read as a stream, into a group; those who are in stay in.

    Some thousand at a time, each for itself: where it breaks off it can be repeated. Raises NotFound.
    """
    _require(group_id)
    added = unknown = 0
    for some in by_thousands(member_numbers):
        known = dict(Member.objects.filter(public_id__in=some).values_list("public_id", "pk"))
        unknown += len(some - known.keys())
        there = Membership.objects.filter(group_id=group_id, member_id__in=known.values())
        new = set(known.values()) - set(there.values_list("member_id", flat=True))
        Membership.objects.bulk_create(
            [Membership(group_id=group_id, member_id=member_id, added_at=at) for member_id in new],
            ignore_conflicts=True,
        )
        added += len(new)
    return Changed(added, unknown)


def remove(*, group_id: int, member_numbers: Iterable[str]) -> Changed:
    """Take these members out of a group, likewise; those who are not in it do not matter. Raises NotFound."""
    _require(group_id)
    removed = unknown = 0
    for some in by_thousands(member_numbers):
        known = dict(Member.objects.filter(public_id__in=some).values_list("public_id", "pk"))
        unknown += len(some - known.keys())
        gone, _ = Membership.objects.filter(group_id=group_id, member_id__in=known.values()).delete()
        removed += gone
    return Changed(removed, unknown)


def by_thousands(member_numbers: Iterable[str]) -> Iterator[set[str]]:
    """The numbers without blanks, ``CHUNK`` lines at a time, each once in its chunk."""
    numbers = (number.strip() for number in member_numbers if number.strip())
    while some := list(islice(numbers, CHUNK)):
        yield set(some)


def _require(group_id: int) -> None:
    if not Group.objects.filter(pk=group_id).exists():
        raise NotFound
