"""Tags: put on members by hand or by the rule of a segment, and put away, never lost, once they were used."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import connection, transaction

from apps.audiences import conditions
from apps.audiences.models import Segment, Tag, TagMark
from apps.audiences.services import segments
from apps.audiences.states import TagKind
from apps.base import judging
from apps.members.models import Member
from apps.members.services import groups
from apps.outbox import services as outbox
from mall import events
from mall import text as texts
from mall.errors import Fault, Faulty, NotFound, ShopError

# Columns that the services fill in.
_OURS: Final = ("created_at", "archived_at", "followed_on")
_PUT: Final = """
    INSERT INTO audiences_tagmark (tag_id, member_id, operator_id, at)
    SELECT %(tag)s, member.id, %(operator)s::bigint, %(at)s FROM members_member AS member
     WHERE member.id = ANY(%(members)s::bigint[]) AND member.erased_at IS NULL
     ORDER BY member.id
        ON CONFLICT DO NOTHING
"""


class TagRefused(Faulty):
    """A tag that cannot be: without a name, with that of another, with HTML, or by a rule that leads round in a ring."""

    code = "tag_refused"


class TagNotByHand(ShopError):
    """It is put on by its rule alone, or was put away."""

    code = "tag_not_by_hand"
    message = "此标签不能手工添加"


class Changed(NamedTuple):
    """On how many members the tag was put, or taken off, and how many numbers nobody has."""

    members: int
    unknown: int


def check_tag(tag: Tag) -> None:
    """Hold a tag against what can be; its name is brought to its one form. Raises TagRefused."""
    tag.name = texts.plain(tag.name or "")
    if tag.kind == TagKind.HAND:
        tag.rule = None
    judging.refuse(TagRefused, tag, _faults(tag), exclude=_OURS)


@transaction.atomic
def save_tag(tag: Tag, *, at: datetime) -> Tag:
    """Save a new or changed tag. A rule that is new is followed by the next sweep. Raises TagRefused."""
    if tag.rule_id is not None:
        # Whoever writes the segment's conditions meanwhile waits, and sees that they are a rule.
        list(Segment.objects.select_for_update(of=("self",)).filter(pk=tag.rule_id))
    before = Tag.objects.select_for_update().filter(pk=tag.pk).first() if tag.pk else None
    tag.created_at = before.created_at if before else at
    check_tag(tag)
    if before is None or before.rule_id != tag.rule_id:
        tag.followed_on = None
    tag.save()
    return tag


@transaction.atomic
def put(*, tag_id: int, member_ids: Collection[int], operator: Any, at: datetime) -> int:
    """Put a tag on members; who bears it keeps it. Return on how many it is new. Raises TagNotByHand, NotFound."""
    _by_hand(tag_id)
    with connection.cursor() as cursor:
        cursor.execute(
            _PUT,
            {
                "tag": tag_id,
                "members": sorted(member_ids),
                "operator": operator.pk if operator is not None else None,
                "at": at,
            },
        )
        return int(cursor.rowcount)


def put_on_numbers(*, tag_id: int, member_numbers: Iterable[str], operator: Any, at: datetime) -> Changed:
    """The same of members by their public numbers, read as a stream: some thousand at a time, safe to repeat."""
    put_on = unknown = 0
    for some, known in _known(member_numbers):
        unknown += len(some) - len(known)
        put_on += put(tag_id=tag_id, member_ids=known, operator=operator, at=at)
    return Changed(put_on, unknown)


@transaction.atomic
def take_off(*, tag_id: int, member_ids: Collection[int]) -> int:
    """Take a tag off members; who does not bear it does not matter. Raises TagNotByHand, NotFound."""
    _by_hand(tag_id)
    gone, _ = TagMark.objects.filter(tag_id=tag_id, member_id__in=member_ids).delete()
    return gone


def take_off_numbers(*, tag_id: int, member_numbers: Iterable[str]) -> Changed:
    """The same of members by their public numbers."""
    gone = unknown = 0
    for some, known in _known(member_numbers):
        unknown += len(some) - len(known)
        gone += take_off(tag_id=tag_id, member_ids=known)
    return Changed(gone, unknown)


@transaction.atomic
def archive_tag(*, tag_id: int, at: datetime) -> list[str]:
    """Put a tag away: it is shown and put on no more; segments that ask for it are broken from now on.

    Return their names. Again changes nothing. Raises NotFound.
    """
    tag = _locked(tag_id)
    if tag.archived_at is None:
        tag.archived_at = at
        tag.save(update_fields=["archived_at"])
        outbox.publish(events.TagArchived(tag_id=tag.pk), at=at)
        segments.look_over(at=at)
    asking = Segment.objects.filter(current__tags__tag=tag, archived_at=None)
    return list(asking.order_by("name").values_list("name", flat=True))


@transaction.atomic
def restore_tag(*, tag_id: int, at: datetime) -> None:
    """Bring an archived tag back; segments that only it had broken mean something again. Raises NotFound."""
    tag = _locked(tag_id)
    tag.archived_at = tag.followed_on = None
    tag.save(update_fields=["archived_at", "followed_on"])
    segments.look_over(at=at)


def _faults(tag: Tag) -> Iterator[Fault]:
    if "<" in tag.name or ">" in tag.name or "&" in tag.name:
        yield Fault("name", "标签是纯文字，不能含有 HTML（< > &）")
    if tag.kind == TagKind.RULE:
        if tag.rule is None:
            yield Fault("rule", "规则标签请选择人群")
        elif tag.rule.archived_at is not None or tag.rule.current is None:
            yield Fault("rule", f"人群「{tag.rule.name}」已归档")
        elif ruled := _ruled(tag.rule):
            yield Fault("rule", f"人群「{tag.rule.name}」的条件使用了规则标签{ruled}，不能再作规则")
    if tag.pk and tag.kind == TagKind.RULE and tag.marks.filter(operator__isnull=False).exists():
        yield Fault("kind", "此标签已手工贴在会员身上，不能改为规则标签，请另建一个")


def _ruled(segment: Segment) -> str:
    """The tags by rule that a segment asks for: a ring of rules could never settle."""
    if segment.current is None:
        return ""
    named = conditions.rows_named(conditions.read(segment.current.tree)).get("tags", set())
    found = Tag.objects.filter(pk__in=named, kind=TagKind.RULE).order_by("name")
    return "、".join(f"「{tag.name}」" for tag in found)


def _known(member_numbers: Iterable[str]) -> Iterator[tuple[set[str], list[int]]]:
    for some in groups.by_thousands(member_numbers):
        yield some, list(Member.objects.filter(public_id__in=some).values_list("pk", flat=True))


def _by_hand(tag_id: int) -> Tag:
    """The tag, locked against being put away. Raises TagNotByHand, NotFound."""
    tag = _locked(tag_id)
    if tag.archived_at is not None:
        raise TagNotByHand(f"标签「{tag.name}」已归档")
    if tag.kind != TagKind.HAND:
        raise TagNotByHand(f"标签「{tag.name}」由规则自动更新，不能手工添加或去掉")
    return tag


def _locked(tag_id: int) -> Tag:
    tag = Tag.objects.select_for_update().filter(pk=tag_id).first()
    if tag is None:
        raise NotFound
    return tag
