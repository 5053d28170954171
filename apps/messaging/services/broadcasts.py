"""Mass sends: one message of one text for each of up to millions of members, in chunks that no killed worker doubles."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F, QuerySet

from apps.base import nudges, transactions
from apps.members.models import Group, Level, Member
from apps.members.services import groups
from apps.messaging import board
from apps.messaging.models import Broadcast, BroadcastTarget, Content, Dispatch, Message
from apps.messaging.services import moving, ruling
from apps.messaging.states import (
    BROADCAST,
    CARRY,
    DECIDE,
    PREPARE,
    Audience,
    BroadcastStatus,
    DispatchStatus,
    MessageStatus,
    Reason,
)
from mall.errors import Fault, Faulty, Invalid, ShopError

CHUNK: Final = 10_000
# How far in the past a time may be that somebody typed as now and saved a little later: it means at once.
_GRACE: Final = timedelta(minutes=5)
_ROUND_SECONDS: Final = 10.0

# The chunk's members, one message for each, and how far we came: one statement. The unique key (member, scene, occasion)
# refuses a second one.
_WRITE: Final = """
    WITH chunk AS (
        SELECT member.id FROM members_member AS member {narrowed}
         WHERE member.id > %(cursor)s AND member.id <= %(last)s AND member.disabled_at IS NULL
         ORDER BY member.id LIMIT %(limit)s
    ), written AS (
        INSERT INTO messaging_message (member_id, scene, subject, occasion, content_id, broadcast_id, marketing, status,
                                       reason, channel, written_at, due_at, expires_at, fault, title, text, page)
        SELECT chunk.id, %(scene)s, %(subject)s, %(occasion)s, %(content)s, %(broadcast)s, %(marketing)s, %(status)s,
               '', '', %(at)s, %(due_at)s, %(expires_at)s, '', '', '', ''
          FROM chunk
            ON CONFLICT (member_id, scene, occasion) DO NOTHING
        RETURNING 1
    )
    SELECT (SELECT max(id) FROM chunk), (SELECT count(*) FROM written)
"""
_NARROWED: Final = {
    Audience.ALL: "",
    Audience.LEVEL: "JOIN (SELECT %(level)s::bigint AS id) AS level ON level.id = member.level_id",
    Audience.GROUP: "JOIN members_membership AS membership ON membership.member_id = member.id"
    " AND membership.group_id = %(group)s AND membership.added_at <= %(begun)s",
    Audience.LIST: "JOIN messaging_broadcasttarget AS target"
    " ON target.member_id = member.id AND target.broadcast_id = %(broadcast)s",
}


class BroadcastRefused(Faulty):
    """Nobody could tell who is meant; ``faults`` say at which field, and why."""

    code = "message_broadcast_refused"


class BroadcastOrdered(ShopError):
    """The same page was sent twice at the same moment; the other one was first."""

    code = "message_broadcast_ordered"
    message = "已创建，请勿重复提交"


def draft(
    *,
    content: Content,
    audience: str,
    due_at: datetime,
    at: datetime,
    operator: User | None,
    level: Level | None = None,
    group: Group | None = None,
    member_numbers: Iterable[str] = (),
    token: str = "",
) -> Broadcast:
    """Write down a mass send, to be started by an operator; the same ``token`` (the page) returns the first one.

    ``member_numbers`` are public ids for the audience LIST; unknown ones are counted. A ``due_at`` of the last five
    minutes is now; an older one is refused, for nobody who types last year means at once. Raises BroadcastRefused,
    ContentRefused, Invalid where nobody is meant.
    """
    if token and (before := Broadcast.objects.filter(token=token).first()):
        return before
    numbers = list(member_numbers)
    _check(audience, level=level, group=group, numbers=numbers, over=due_at < at - _GRACE)
    with transactions.refine({"message_broadcast_once_per_page": BroadcastOrdered}):
        ruling.save_content(content, at=at)
        newest = Member.objects.order_by("-id").values_list("id", flat=True).first()
        row = Broadcast.objects.create(
            content=content,
            audience=audience,
            level=level,
            group=group,
            due_at=max(due_at, at),
            last_member_id=newest or 0,
            operator=operator,
            created_at=at,
            token=token,
        )
        row.unknown = _list(row, numbers) if audience == Audience.LIST else 0
        row.total = _meant(row).count()
        if not row.total:
            raise Invalid("没有符合条件的会员", details={"unknown": row.unknown})
        row.save(update_fields=["unknown", "total"])
    return row


@transaction.atomic
def start(*, broadcast_id: int, at: datetime) -> None:
    """Have a draft written down and sent when its time comes. Raises MoveRefused."""
    _moved(_locked(broadcast_id), move="start", at=at)
    nudges.after_commit(PREPARE)


@transaction.atomic
def pause(*, broadcast_id: int, at: datetime) -> int:
    """Send nothing more of it for now; return how many messages wait. What is being sent at this moment goes.

    Raises MoveRefused.
    """
    row = _moved(_locked(broadcast_id), move="pause", at=at)
    return moving.hold_all(broadcast_id=row.pk)


@transaction.atomic
def resume(*, broadcast_id: int, at: datetime) -> None:
    """Go on where it was paused; what is past its time by now is dropped. Raises MoveRefused."""
    row = _moved(_locked(broadcast_id), move="resume", at=at)
    moving.resume_all(broadcast_id=row.pk)
    for task in (PREPARE, DECIDE, CARRY):
        nudges.after_commit(task)


@transaction.atomic
def cancel(*, broadcast_id: int, at: datetime) -> None:
    """Never send the rest of it; what was told stays in the inboxes. Raises MoveRefused."""
    row = _moved(_locked(broadcast_id), move="cancel", at=at)
    moving.call_off(
        Message.objects.filter(broadcast=row),
        Dispatch.objects.filter(message__broadcast=row),
        reason=Reason.CANCELLED,
        at=at,
    )


def prepare_due(*, at: datetime) -> int:
    """Write down the messages of running mass sends, the oldest first, and end those of which all are sent.

    Return how many messages were written. A round that is long enough rings for another one.
    """
    nudges.heard(PREPARE)
    began, written = monotonic(), 0
    running = Broadcast.objects.filter(status=BroadcastStatus.RUNNING).order_by("id")
    for broadcast_id in list(running.filter(prepared_at=None).values_list("pk", flat=True)):
        while (step := prepare_some(broadcast_id=broadcast_id, at=at)) is not None:
            written += step
            if monotonic() - began > _ROUND_SECONDS:
                nudges.after_commit(PREPARE)
                return written
    for broadcast_id in list(running.filter(prepared_at__isnull=False).values_list("pk", flat=True)):
        _finish(broadcast_id, at=at)
    return written


@transaction.atomic
def prepare_some(*, broadcast_id: int, at: datetime, limit: int = CHUNK) -> int | None:
    """Write the messages of the next members; return how many, None where there are no more members.

    One transaction with the cursor: what a killed worker had not finished is done again, nothing else. A mass send that
    another worker is at is left to it.
    """
    row = (
        Broadcast.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
        .select_related("content")
        .filter(pk=broadcast_id, status=BroadcastStatus.RUNNING, prepared_at=None)
        .first()
    )
    if row is None:
        return None
    scene = board.scene_of(board.CAMPAIGN)
    due_at = max(row.due_at, at)
    with connection.cursor() as cursor:
        cursor.execute(
            _WRITE.format(narrowed=_NARROWED[Audience(row.audience)]),
            {
                "cursor": row.cursor,
                "last": row.last_member_id,
                "limit": limit,
                "level": row.level_id,
                "group": row.group_id,
                "begun": row.created_at,
                "scene": board.CAMPAIGN,
                "subject": f"broadcast:{row.pk}",
                "occasion": f"broadcast:{row.pk}",
                "content": row.content_id,
                "broadcast": row.pk,
                "marketing": row.content.marketing,
                "status": MessageStatus.WAITING,
                "at": at,
                "due_at": due_at,
                "expires_at": due_at + scene.expires_after,
            },
        )
        last, written = cursor.fetchone()
    if last is None:
        Broadcast.objects.filter(pk=row.pk).update(prepared_at=at)
        return None
    Broadcast.objects.filter(pk=row.pk).update(cursor=last, written=F("written") + written)
    nudges.after_commit(DECIDE)
    return int(written)


@transaction.atomic
def _finish(broadcast_id: int, *, at: datetime) -> None:
    """End a mass send of which nothing waits any more."""
    row = _locked(broadcast_id)
    waiting = Message.objects.filter(broadcast=row, status__in=[MessageStatus.WAITING, MessageStatus.HELD])
    under_way = [DispatchStatus.WAITING, DispatchStatus.HELD, DispatchStatus.SENDING]
    if row.status != BroadcastStatus.RUNNING or waiting.exists():
        return
    if not Dispatch.objects.filter(message__broadcast=row, status__in=under_way).exists():
        _moved(row, move="finish", at=at)


def _locked(broadcast_id: int) -> Broadcast:
    return Broadcast.objects.select_for_update(no_key=True).get(pk=broadcast_id)


def _moved(row: Broadcast, *, move: str, at: datetime) -> Broadcast:
    row.status = BROADCAST.target(move=move, current=row.status)
    over = {BroadcastStatus.DONE, BroadcastStatus.CANCELLED}
    row.ended_at = at if row.status in over else None
    row.save(update_fields=["status", "ended_at"])
    return row


def _check(
    audience: str, *, level: Level | None, group: Group | None, numbers: list[str], over: bool
) -> None:
    faults = [] if audience in Audience.values else [Fault("audience", "请选择发送对象")]
    if (audience == Audience.LEVEL) != (level is not None):
        faults.append(Fault("level", "请选择会员等级"))
    if (audience == Audience.GROUP) != (group is not None):
        faults.append(Fault("group", "请选择会员分组"))
    if audience == Audience.LIST and not numbers:
        faults.append(Fault("numbers", "请填写会员编号"))
    if over:
        faults.append(Fault("due_at", "发送时间已过，请改为以后的时间；要立即发送请留空"))
    if faults:
        raise BroadcastRefused(faults)


def _meant(row: Broadcast) -> QuerySet[Member]:
    members = Member.objects.filter(pk__lte=row.last_member_id, disabled_at__isnull=True)
    if row.level_id is not None:
        return members.filter(level_id=row.level_id)
    if row.group_id is not None:
        return members.filter(memberships__group_id=row.group_id, memberships__added_at__lte=row.created_at)
    if row.audience == Audience.LIST:
        return members.filter(broadcasttarget__broadcast=row)
    return members


def _list(row: Broadcast, numbers: Iterable[str]) -> int:
    """Write down who is on the list; return how many numbers nobody has."""
    unknown = 0
    for some in groups.by_thousands(numbers):
        known = dict(Member.objects.filter(public_id__in=some).values_list("public_id", "pk"))
        unknown += len(some - known.keys())
        BroadcastTarget.objects.bulk_create(
            [BroadcastTarget(broadcast=row, member_id=pk) for pk in known.values()], ignore_conflicts=True
        )
    return unknown
