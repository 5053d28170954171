"""Segments: what they mean is written once and never changed; what stopped meaning anything is said, not guessed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from apps.audiences import conditions, sources
from apps.audiences.conditions import Both, ConditionsRefused
from apps.audiences.models import Segment, SegmentVersion, Tag, VersionTag
from apps.audiences.states import TagKind
from apps.base import judging
from apps.members.models import Group
from apps.members.services import groups
from apps.outbox import services as outbox
from mall import events
from mall.errors import Fault, Faulty, NotFound, ShopError

# Columns that the services fill in.
_OURS: Final = ("current", "group", "grouped_at", "broken_at", "created_at", "archived_at", "counted_on")


class SegmentRefused(Faulty):
    """A segment that cannot be: without a name, or with that of another."""

    code = "segment_refused"


class SegmentNotUsable(ShopError):
    """It is archived, or a part of its conditions means nothing any more."""

    code = "segment_not_usable"
    message = "人群不可用"


class SegmentUsed(ShopError):
    """Something lives on it."""

    code = "segment_used"
    message = "人群正在使用"


def check(segment: Segment, *, tree: Both) -> None:
    """Hold a segment against what can be: its columns, and conditions that mean something.

    Raises SegmentRefused, ConditionsRefused.
    """
    judging.refuse(SegmentRefused, segment, exclude=_OURS)
    if faults := list(_faults(segment, tree)):
        raise ConditionsRefused([Fault("tree", text) for text in faults])


@transaction.atomic
def save(segment: Segment, *, tree: Both, operator: Any, at: datetime) -> Segment:
    """Save a new or changed segment; conditions that are new become its next version, the old ones stay readable.

    Tags that it asks for are locked, so that none of them is archived meanwhile. Raises SegmentRefused,
    ConditionsRefused, NotFound.
    """
    if segment.pk is None:
        segment.created_at = at
    elif not Segment.objects.select_for_update().filter(pk=segment.pk).exists():
        raise NotFound
    named = sorted(conditions.rows_named(tree).get("tags", ()))
    list(Tag.objects.select_for_update().filter(pk__in=named).order_by("pk"))
    check(segment, tree=tree)
    segment.save()
    _follow_name(segment)
    said = conditions.as_json(tree)
    before = segment.current
    if before is None or before.tree != said:
        version = SegmentVersion.objects.create(
            segment=segment,
            number=before.number + 1 if before else 1,
            tree=said,
            operator=operator,
            at=at,
        )
        VersionTag.objects.bulk_create(VersionTag(version=version, tag_id=tag_id) for tag_id in named)
        segment.current, segment.counted_on, segment.grouped_at = version, None, None
        if before is not None:
            segment.tags.update(followed_on=None)
    if segment.broken:
        _mend(segment, at=at)
    segment.save()
    return segment


@transaction.atomic
def archive(*, segment_id: int, at: datetime) -> None:
    """Put a segment away: it is counted no more, and nothing is sent to it. Again changes nothing.

    Raises SegmentUsed where a tag follows it or a group is kept by it, NotFound.
    """
    segment = _locked(segment_id)
    tags = segment.tags.filter(archived_at=None).order_by("name").values_list("name", flat=True)
    if tags:
        raise SegmentUsed(f"标签「{'」「'.join(tags)}」按此人群更新，请先归档标签")
    if segment.group_id is not None:
        raise SegmentUsed("此人群正同步到会员分组，请先停止同步")
    if segment.archived_at is None:
        segment.archived_at = at
        segment.save(update_fields=["archived_at"])
        outbox.publish(events.SegmentArchived(segment_id=segment.pk), at=at)


@transaction.atomic
def restore(*, segment_id: int, at: datetime) -> None:
    """Bring an archived segment back, and look whether its conditions mean something still. Raises NotFound."""
    segment = _locked(segment_id)
    segment.archived_at = None
    segment.save(update_fields=["archived_at"])
    _look_over(segment, at=at)


@transaction.atomic
def keep_in_group(*, segment_id: int, at: datetime) -> Group:
    """Keep the segment's members in a group of members from now on; the next sweep fills it. Again changes nothing.

    Raises SegmentNotUsable, NotFound, GroupRefused where another group has the name.
    """
    segment = _locked(segment_id)
    require_usable(segment)
    if segment.group is None:
        note = "由人群自动更新，手工增减会被覆盖"
        segment.group = groups.save(Group(name=_group_name(segment), note=note))
        segment.grouped_at = None
        segment.save(update_fields=["group", "grouped_at"])
    return segment.group


@transaction.atomic
def leave_group(*, segment_id: int) -> None:
    """Stop keeping the group: it stays as it is, and is an ordinary one from now on. Raises NotFound."""
    segment = _locked(segment_id)
    segment.group = segment.grouped_at = None
    segment.save(update_fields=["group", "grouped_at"])


@transaction.atomic
def look_over(*, at: datetime) -> int:
    """Look at what the living segments name: say which broke and which mean something again; return how many changed."""
    rows = Segment.objects.select_for_update(of=("self",)).select_related("current")
    return sum(_look_over(segment, at=at) for segment in rows.filter(archived_at=None).order_by("pk"))


def usable(*, segment_id: int) -> SegmentVersion:
    """The conditions that a segment means today. Raises SegmentNotUsable, NotFound."""
    segment = Segment.objects.select_related("current").filter(pk=segment_id).first()
    if segment is None:
        raise NotFound
    return require_usable(segment)


def require_usable(segment: Segment) -> SegmentVersion:
    """The same of a row at hand. Raises SegmentNotUsable."""
    if segment.archived_at is not None or segment.current is None:
        raise SegmentNotUsable(f"人群「{segment.name}」已归档")
    if segment.broken:
        raise SegmentNotUsable(f"人群「{segment.name}」的条件已失效：{segment.broken}")
    return segment.current


def _look_over(segment: Segment, *, at: datetime) -> bool:
    """Whether the segment broke, or was mended, or broke otherwise."""
    if segment.current is None:
        return False
    named = conditions.rows_named(conditions.read(segment.current.tree))
    found = "；".join(sources.faults(named))[:200]
    if found == segment.broken:
        return False
    if not found:
        _mend(segment, at=at)
    else:
        if not segment.broken:
            outbox.publish(events.SegmentBroken(segment_id=segment.pk), at=at)
        segment.broken, segment.broken_at = found, at
    segment.save(update_fields=["broken", "broken_at"])
    return True


def _mend(segment: Segment, *, at: datetime) -> None:
    segment.broken, segment.broken_at = "", None
    outbox.publish(events.SegmentMended(segment_id=segment.pk), at=at)


def _faults(segment: Segment, tree: Both) -> Iterator[str]:
    named = conditions.rows_named(tree)
    yield from sources.faults(named)
    if sources.groups_kept_by_segments(named.get("groups", ())):
        yield "条件不能使用由人群同步的会员分组，请直接写出那个人群的条件"
    ruled = Tag.objects.filter(pk__in=named.get("tags", ()), kind=TagKind.RULE).order_by("name")
    if segment.pk and segment.tags.exists() and ruled:
        names = "、".join(f"「{tag.name}」" for tag in ruled)
        yield f"此人群是规则标签的依据，条件不能再使用规则标签{names}"


def _follow_name(segment: Segment) -> None:
    """The group goes by its segment's name."""
    if segment.group is not None and segment.group.name != _group_name(segment):
        segment.group.name = _group_name(segment)
        groups.save(segment.group)


def _group_name(segment: Segment) -> str:
    return f"{segment.name}（人群）"


def _locked(segment_id: int) -> Segment:
    rows = Segment.objects.select_for_update(of=("self",)).select_related("current", "group")
    segment = rows.filter(pk=segment_id).first()
    if segment is None:
        raise NotFound
    return segment
