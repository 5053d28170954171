"""The shop's own inbox: what a member has read, and what is forgotten in time."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from apps.messaging import marks
from apps.messaging import selectors as message_facts
from apps.messaging.models import Message
from mall.errors import NotFound

_CHUNK: Final = 5_000


def mark_read(*, member_id: int, message_id: int, at: datetime) -> Message:
    """Say that the member read a message of theirs; again changes nothing. Raises NotFound."""
    message = message_facts.inbox(member_id=member_id).filter(pk=message_id).first()
    if message is None:
        raise NotFound
    if message.read_at is None:
        Message.objects.filter(pk=message.pk, read_at=None).update(read_at=at)
        message.refresh_from_db(fields=["read_at"])
    return message


def mark_opened(*, member_id: int, mark: object, at: datetime) -> bool:
    """Note that the member landed on the page of a message of theirs: it was read. Nonsense does nothing.

    One statement, none for what the shop did not sign. Whoever was sent the page by somebody else opens nothing.
    """
    message_id = marks.message_of(mark)
    if message_id is None:
        return False
    unread = Message.objects.filter(pk=message_id, member_id=member_id, read_at=None)
    return bool(unread.update(read_at=at))


def forget_old(*, at: datetime, limit: int = _CHUNK) -> int:
    """Delete the texts that the inbox has kept long enough; return how many. The occasions stay used."""
    with transaction.atomic():
        old = list(
            message_facts.past_keeping(at=at).order_by("ended_at").values_list("pk", flat=True)[:limit]
        )
        return Message.objects.filter(pk__in=old).update(title="", text="", page="")
