"""The one writer of the statuses of messages and of their ways out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final

from django.db import connection
from django.db.models import F, OuterRef, QuerySet, Subquery

from apps.messaging.models import Dispatch, Message
from apps.messaging.states import DISPATCH, MESSAGE, DispatchStatus, MessageStatus, Reason

# Hundreds of rows a statement: Django's own update of many rows takes ten times as long.
_TELL: Final = """
    UPDATE messaging_message AS message
       SET status = %(status)s, ended_at = %(at)s, reason = told.reason, title = told.title, text = told.text,
           page = told.page
      FROM unnest(%(id)s::bigint[], %(reason)s::text[], %(title)s::text[], %(text)s::text[], %(page)s::text[])
           AS told (id, reason, title, text, page)
     WHERE message.id = told.id
"""


def tell(messages: Sequence[Message], *, at: datetime) -> None:
    """Put messages, whose texts and reasons are set, into the inbox."""
    if not messages:
        return
    for message in messages:
        message.status = MESSAGE.target(move="tell", current=message.status)
        message.ended_at = at
    columns = {
        name: [getattr(message, name) for message in messages]
        for name in ("id", "reason", "title", "text", "page")
    }
    with connection.cursor() as cursor:
        cursor.execute(_TELL, {**columns, "status": MessageStatus.TOLD, "at": at})


def drop(messages: Iterable[Message], *, reason: str, at: datetime) -> None:
    """Never tell these, and say why."""
    rows = list(messages)
    for message in rows:
        message.status = MESSAGE.target(move="drop", current=message.status)
    Message.objects.filter(pk__in=[row.pk for row in rows]).update(
        status=MessageStatus.DROPPED, reason=reason, ended_at=at
    )


def hold(message: Message) -> None:
    """Set a message of a paused mass send aside."""
    message.status = MESSAGE.target(move="hold", current=message.status)
    message.save(update_fields=["status"])


def put_off(messages: Collection[Message]) -> None:
    """Wait until the time, and for the reason, that each has set; nothing else changes."""
    Message.objects.bulk_update(messages, ["due_at", "reason", "tries", "fault"])


def fail(message: Message, *, reason: str, fault: str) -> None:
    """Leave a message to operators."""
    message.status = MESSAGE.target(move="fail", current=message.status)
    message.reason, message.fault = reason, fault[:200]
    message.save(update_fields=["status", "reason", "fault", "tries"])


def repeat(message: Message, *, at: datetime) -> None:
    """Have a failed message told, now. Raises MoveRefused."""
    message.status = MESSAGE.target(move="repeat", current=message.status)
    message.tries, message.fault, message.reason = 0, "", ""
    message.due_at = at
    # Past its time it is due and over at once, so that it is dropped and not told.
    message.expires_at = max(message.expires_at, at)
    message.save(update_fields=["status", "tries", "fault", "reason", "due_at", "expires_at"])


def way(dispatch: Dispatch, *, move: str, at: datetime, reason: str = "", fault: str = "") -> None:
    """Move a way out; what else of it was set is saved with it. Raises MoveRefused."""
    dispatch.status = DISPATCH.target(move=move, current=dispatch.status)
    dispatch.reason, dispatch.fault = reason, fault[:200]
    over = {DispatchStatus.SENT, DispatchStatus.REFUSED, DispatchStatus.UNKNOWN}
    dispatch.ended_at = at if dispatch.status in over else None
    dispatch.save(
        update_fields=["status", "reason", "fault", "due_at", "tries", "tried_at", "ended_at", "msgid"]
    )


def note(message: Message, *, channel: str, reason: str) -> None:
    """Keep with a message how it left the shop beside the inbox, or why it did not."""
    Message.objects.filter(pk=message.pk).update(channel=channel, reason=reason)


def look_again(*, reason: Reason) -> None:
    """Have everything that waits for this reason judged anew: it is due now, and put off again if it must be."""
    Message.objects.filter(status=MessageStatus.WAITING, reason=reason).update(due_at=F("written_at"))
    written_at = Message.objects.filter(pk=OuterRef("message_id")).values("written_at")[:1]
    Dispatch.objects.filter(status=DispatchStatus.WAITING, reason=reason).update(due_at=Subquery(written_at))


def hold_all(*, broadcast_id: int) -> int:
    """Set aside what waits of a mass send; return how many messages do."""
    _ways_of(broadcast_id, DispatchStatus.WAITING).update(status=DispatchStatus.HELD)
    return _messages_of(broadcast_id, MessageStatus.WAITING).update(status=MessageStatus.HELD)


def resume_all(*, broadcast_id: int) -> None:
    """Have what was set aside of a mass send wait again."""
    _messages_of(broadcast_id, MessageStatus.HELD).update(status=MessageStatus.WAITING)
    _ways_of(broadcast_id, DispatchStatus.HELD).update(status=DispatchStatus.WAITING)


def call_off(messages: QuerySet[Message], ways: QuerySet[Dispatch], *, reason: Reason, at: datetime) -> None:
    """Never tell or send what is not told or sent yet, of these."""
    ways.filter(status__in=DISPATCH.moves["refuse"].sources - {DispatchStatus.SENDING}).update(
        status=DispatchStatus.REFUSED, reason=reason, ended_at=at
    )
    messages.filter(status__in=MESSAGE.moves["drop"].sources).update(
        status=MessageStatus.DROPPED, reason=reason, ended_at=at
    )


def _messages_of(broadcast_id: int, status: MessageStatus) -> QuerySet[Message]:
    return Message.objects.filter(broadcast_id=broadcast_id, status=status)


def _ways_of(broadcast_id: int, status: DispatchStatus) -> QuerySet[Dispatch]:
    return Dispatch.objects.filter(message__broadcast_id=broadcast_id, status=status)
