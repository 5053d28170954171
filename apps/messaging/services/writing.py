"""Writing down what is to be told: one row for each member, scene and occasion, for ever."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from django.db import connection, transaction

from apps.base import nudges, transactions
from apps.messaging import board
from apps.messaging.models import Message
from apps.messaging.services import moving
from apps.messaging.states import DECIDE, MessageStatus, Reason

_CHUNK: Final = 5_000
_WRITE: Final = """
    INSERT INTO messaging_message (member_id, scene, subject, occasion, order_no, content_id, broadcast_id, marketing,
                                   status, reason, channel, written_at, due_at, expires_at, fault, title, text, page)
    SELECT draft.member_id, draft.scene, draft.subject, draft.occasion, draft.order_no, draft.content_id, draft.broadcast_id,
           draft.marketing, %(waiting)s, '', '', %(at)s, draft.due_at, draft.expires_at, '', '', '', ''
      FROM unnest(%(member_id)s::bigint[], %(scene)s::text[], %(subject)s::text[], %(occasion)s::text[],
                  %(order_no)s::text[], %(content_id)s::bigint[], %(broadcast_id)s::bigint[], %(marketing)s::boolean[],
                  %(due_at)s::timestamptz[], %(expires_at)s::timestamptz[])
           AS draft (member_id, scene, subject, occasion, order_no, content_id, broadcast_id, marketing, due_at, expires_at)
        ON CONFLICT (member_id, scene, occasion) DO NOTHING
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Something to tell a member.

    ``subject`` (≤ 80) is what the scene's reader is asked about, ``occasion`` (≤ 120) what makes it once: the same
    member, scene and occasion is written once for ever. ``order_no`` is the order that it belongs to, where that is not the
    subject itself: operators search by it. ``due_at`` is when, by default at once; ``expires_at`` until when
    it is worth telling, by default as the scene says. ``content_id`` names operators' own text, for the scene of those,
    with ``marketing`` as that content says.
    """

    scene: str
    member_id: int
    subject: str
    occasion: str
    order_no: str = ""
    due_at: datetime | None = None
    expires_at: datetime | None = None
    content_id: int | None = None
    broadcast_id: int | None = None
    marketing: bool | None = None


def write(
    *,
    scene: str,
    member_id: int,
    subject: str,
    occasion: str,
    at: datetime,
    order_no: str = "",
    due_at: datetime | None = None,
    expires_at: datetime | None = None,
    content_id: int | None = None,
    marketing: bool | None = None,
) -> bool:
    """Write one message in the caller's transaction; return whether it is new. Fields as in ``Draft``.

    Raises NoTransaction outside of one, and SceneUnknown.
    """
    draft = Draft(
        scene=scene,
        member_id=member_id,
        subject=subject,
        occasion=occasion,
        order_no=order_no,
        due_at=due_at,
        expires_at=expires_at,
        content_id=content_id,
        marketing=marketing,
    )
    return bool(write_many([draft], at=at))


def write_many(drafts: Iterable[Draft], *, at: datetime) -> int:
    """Write messages in the caller's transaction, thousands a statement; return how many are new.

    Whoever writes very many commits now and then. Raises NoTransaction, SceneUnknown.
    """
    transactions.require()
    rest = iter(drafts)
    written = 0
    while some := list(islice(rest, _CHUNK)):
        written += _insert(some, at=at)
    if written:
        nudges.after_commit(DECIDE)
    return written


def announce(drafts: Iterable[Draft], *, at: datetime) -> int:
    """Write messages that a sweep found, some thousands a transaction; return how many are new. Safe to repeat.

    Raises SceneUnknown.
    """
    rest = iter(drafts)
    written = 0
    while some := list(islice(rest, _CHUNK)):
        with transaction.atomic():
            written += write_many(some, at=at)
    return written


def withdraw(*, scene: str, member_id: int, occasion: str, at: datetime) -> bool:
    """Take back what is not told yet, in the caller's transaction; return whether there was something to take back.

    The occasion stays used. What must not be told because it is not true any more needs no withdrawal: the scene's reader
    says so when the time comes.
    """
    transactions.require()
    message = (
        Message.objects.select_for_update(no_key=True)
        .filter(
            member_id=member_id,
            scene=scene,
            occasion=occasion,
            status__in=[MessageStatus.WAITING, MessageStatus.HELD],
        )
        .first()
    )
    if message is None:
        return False
    moving.drop([message], reason=Reason.CANCELLED, at=at)
    return True


def _insert(drafts: list[Draft], *, at: datetime) -> int:
    scenes = board.scenes()
    columns: dict[str, list[object]] = {
        name: []
        for name in (
            *("member_id", "scene", "subject", "occasion", "order_no", "content_id", "broadcast_id"),
            *("marketing", "due_at", "expires_at"),
        )
    }
    # In one order, so that two who write the same rows wait for each other, and never in a circle.
    for draft in sorted(drafts, key=lambda each: (each.member_id, each.scene, each.occasion)):
        scene = scenes.get(draft.scene)
        if scene is None:
            raise board.SceneUnknown(draft.scene)
        due_at = draft.due_at or at
        for name, value in (
            ("member_id", draft.member_id),
            ("scene", draft.scene),
            ("subject", draft.subject),
            ("occasion", draft.occasion),
            ("order_no", draft.order_no),
            ("content_id", draft.content_id),
            ("broadcast_id", draft.broadcast_id),
            ("marketing", scene.marketing if draft.marketing is None else draft.marketing),
            ("due_at", due_at),
            ("expires_at", max(due_at, draft.expires_at or due_at + scene.expires_after)),
        ):
            columns[name].append(value)
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, {**columns, "waiting": MessageStatus.WAITING, "at": at})
        return int(cursor.rowcount)
