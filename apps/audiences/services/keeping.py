"""What is kept up every night: tags by rule, groups of segments, how many members each segment has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.db.models import Q

from apps.audiences import compiling
from apps.audiences import selectors as audience_facts
from apps.audiences.compiling import Among
from apps.audiences.models import Segment, SegmentSize, Tag
from apps.audiences.services import segments
from apps.base.days import shop_day
from apps.members.models import Member
from apps.members.services import groups

# A night begins two hours after midnight, when the day before is complete and nobody is awake.
NIGHT: Final = timedelta(hours=2)
# By night the exact number may take so long; a sample does where even that is too short.
_SECONDS: Final = 30.0

# The members that are meant, in one statement: who is new gets the tag, who left loses it, nobody else is touched.
_FOLLOW: Final = """
    WITH meant AS MATERIALIZED ({meant}), gone AS (
        DELETE FROM audiences_tagmark AS mark
         WHERE mark.tag_id = %s AND mark.member_id > %s AND mark.member_id <= %s
           AND NOT EXISTS (SELECT FROM meant WHERE meant.id = mark.member_id)
        RETURNING 1
    ), put AS (
        INSERT INTO audiences_tagmark (tag_id, member_id, operator_id, at)
        SELECT %s, meant.id, NULL, %s FROM meant
            ON CONFLICT (member_id, tag_id) DO NOTHING
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM put)
"""


def night_of(*, at: datetime) -> date:
    """The Shanghai day whose night has begun."""
    return shop_day(at - NIGHT)


def keep_up(*, at: datetime) -> int:
    """Do what the night, or a change of conditions, has made due; return how many tags and segments that were.

    Each is a piece of work of its own, in slices of members: what is broken off goes on with the next sweep.
    """
    night = night_of(at=at)
    segments.look_over(at=at)
    return (
        sum(_follow(tag_id, night, at=at) for tag_id in _tags_due(night))
        + sum(_fill(segment_id, at=at) for segment_id in _groups_due(night))
        + sum(_count(segment_id, night, at=at) for segment_id in _counts_due(night))
    )


def _tags_due(night: date) -> list[int]:
    rows = Tag.objects.filter(archived_at=None, rule__isnull=False, rule__broken="", rule__archived_at=None)
    due = rows.filter(Q(followed_on__isnull=True) | Q(followed_on__lt=night))
    return list(due.order_by("pk").values_list("pk", flat=True))


def _groups_due(night: date) -> list[int]:
    rows = Segment.objects.filter(group__isnull=False, broken="", archived_at=None)
    due = rows.filter(Q(grouped_at__isnull=True) | Q(counted_on__isnull=True) | Q(counted_on__lt=night))
    return list(due.order_by("pk").values_list("pk", flat=True))


def _counts_due(night: date) -> list[int]:
    rows = Segment.objects.filter(archived_at=None, broken="", current__isnull=False)
    due = rows.filter(Q(counted_on__isnull=True) | Q(counted_on__lt=night))
    return list(due.order_by("pk").values_list("pk", flat=True))


def _follow(tag_id: int, night: date, *, at: datetime) -> bool:
    """Put a tag on exactly the members of its segment; whether it was done to the end."""
    version = None
    for after, until in _slices():
        with transaction.atomic():
            tag = Tag.objects.select_for_update(of=("self",)).filter(pk=tag_id, archived_at=None)
            found = tag.select_related("rule__current").first()
            if found is None or found.rule is None or found.rule.current is None or found.rule.broken:
                return False
            if version not in (None, found.rule.current_id):
                return False  # other conditions since: the next sweep begins anew
            version = found.rule.current_id
            tree = audience_facts.tree_of(found.rule.current)
            meant = compiling.members(tree, at=at, among=Among(after=after, until=until)).values("id")
            text, values = meant.query.sql_with_params()
            with connection.cursor() as cursor:
                cursor.execute(_FOLLOW.format(meant=text), [*values, tag_id, after, until, tag_id, at])
    Tag.objects.filter(pk=tag_id, rule__current=version).update(followed_on=night)
    return True


def _fill(segment_id: int, *, at: datetime) -> bool:
    """Have the segment's group hold exactly its members."""
    segment = Segment.objects.select_related("current").get(pk=segment_id)
    if segment.group_id is None or segment.current is None:
        return False
    batches = audience_facts.members_of(version=segment.current, at=at)
    groups.hold(group_id=segment.group_id, member_ids=batches, at=at)
    # Unless conditions or group were changed meanwhile: then it is due again.
    Segment.objects.filter(pk=segment_id, current=segment.current, group=segment.group_id).update(
        grouped_at=at
    )
    return True


def _count(segment_id: int, night: date, *, at: datetime) -> bool:
    """Write down how many members a segment has on this day: once a day, the first number stays."""
    segment = Segment.objects.select_related("current").get(pk=segment_id)
    if segment.current is None:
        return False
    size = audience_facts.count(version=segment.current, at=at, seconds=_SECONDS)
    SegmentSize.objects.bulk_create(
        [
            SegmentSize(
                segment=segment, version=segment.current, day=night, members=size.members, exact=size.exact
            )
        ],
        ignore_conflicts=True,
    )
    Segment.objects.filter(pk=segment_id, current=segment.current).update(counted_on=night)
    return True


def _slices() -> Iterator[tuple[int, int]]:
    last = Member.objects.order_by("-id").values_list("id", flat=True).first() or 0
    for after in range(0, last, audience_facts.SLICE):
        yield after, min(after + audience_facts.SLICE, last)
