"""Groups of members: who is put in and taken out, by lists of member numbers of any length, or by a room above that keeps
a group up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Final, NamedTuple

from django.db import transaction

from apps.base import judging, numbers
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
    """Save a new or changed group, under a code of its own where it has none. Raises GroupRefused."""
    group.code = group.code or numbers.code()
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
        _put(group_id, new, at=at)
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


def hold(*, group_id: int, member_ids: Iterable[Sequence[int]], at: datetime) -> Changed:
    """Have a group hold exactly these members, given by id in rising batches; who is in stays in since when they were.

    Return how many were put in or taken out. Each batch is a transaction of its own, for the ids up to its last: where
    it breaks off it can be repeated. Raises NotFound.
    """
    _require(group_id)
    changed = after = 0
    for batch in member_ids:
        changed += _hold(group_id, batch, after=after, until=batch[-1], at=at)
        after = batch[-1]
    beyond, _ = Membership.objects.filter(group_id=group_id, member_id__gt=after).delete()
    return Changed(changed + beyond, 0)


@transaction.atomic
def _hold(group_id: int, batch: Sequence[int], *, after: int, until: int, at: datetime) -> int:
    there = Membership.objects.filter(group_id=group_id, member_id__gt=after, member_id__lte=until)
    known = set(there.values_list("member_id", flat=True))
    gone, _ = there.filter(member_id__in=known.difference(batch)).delete()
    new = [member_id for member_id in batch if member_id not in known]
    _put(group_id, new, at=at)
    return gone + len(new)


@transaction.atomic
def _put(group_id: int, member_ids: Collection[int], *, at: datetime) -> None:
    """Put members who are not in it into a group; their own rows say that they may be in one."""
    Membership.objects.bulk_create(
        [Membership(group_id=group_id, member_id=member_id, added_at=at) for member_id in member_ids],
        ignore_conflicts=True,
    )
    new = Member.objects.filter(pk__in=member_ids, ever_grouped=False).order_by("pk")
    locked = list(new.select_for_update(no_key=True).values_list("pk", flat=True))
    Member.objects.filter(pk__in=locked).update(ever_grouped=True)


def by_thousands(member_numbers: Iterable[str]) -> Iterator[set[str]]:
    """The numbers without blanks, ``CHUNK`` lines at a time, each once in its chunk."""
    numbers = (number.strip() for number in member_numbers if number.strip())
    while some := list(islice(numbers, CHUNK)):
        yield set(some)


def _require(group_id: int) -> None:
    if not Group.objects.filter(pk=group_id).exists():
        raise NotFound
