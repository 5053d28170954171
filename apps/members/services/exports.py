"""Copies of a member's data (PIPL Art. 45): asked for, made by the clock, fetched by the member alone, gone after a week."""

from __future__ import annotations

import gzip
import json
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from apps.base import faults, personal
from apps.members.models import ExportRequest, Member
from mall.errors import NotFound

log = structlog.get_logger(__name__)

FILE_KEPT: Final = timedelta(days=7)
# Asking again within a day answers the file of that day; later the old file makes room for a new one.
_SAME_FOR: Final = timedelta(days=1)
_FIRST_WAIT: Final = timedelta(minutes=5)
_LONGEST_WAIT: Final = timedelta(hours=2)
_ALIVE: Final = (ExportRequest.Status.WAITING, ExportRequest.Status.READY)


def ask(*, member: Member, at: datetime) -> ExportRequest:
    """Ask for a file; while one is being made, or was asked for within a day, it is that one."""
    with transaction.atomic():
        Member.objects.select_for_update(no_key=True).get(pk=member.pk)
        there = _of(member).filter(status__in=_ALIVE).first()
        if there is not None:
            is_over = there.until is not None and there.until <= at
            if not is_over and (there.made_at is None or at < there.asked_at + _SAME_FOR):
                return there
            _throw_away([there.pk])
        return ExportRequest.objects.create(member=member, asked_at=at, due_at=at)


def latest(*, member: Member, at: datetime) -> ExportRequest:
    """The file asked for last, without its content. Raises NotFound where none was ever asked for.

    One whose week is over is told as EXPIRED, whether the sweep has come by or not.
    """
    found: ExportRequest | None = _of(member).defer("file").first()
    if found is None:
        raise NotFound
    if found.until is not None and found.until <= at:
        found.status = ExportRequest.Status.EXPIRED
    return found


def fetch(*, member: Member, at: datetime) -> bytes:
    """The member's file, gzipped JSON, while it lies ready. Raises NotFound before and after."""
    ready = _of(member).filter(status=ExportRequest.Status.READY, until__gt=at).first()
    if ready is None or ready.file is None:
        raise NotFound
    ExportRequest.objects.filter(pk=ready.pk).update(fetched_at=at)
    return bytes(ready.file)


def make_due(*, at: datetime, limit: int = 20) -> int:
    """Make the files that were asked for, oldest first, each for itself; return how many were tried."""
    for tried in range(limit):
        if not _make_next(at=at):
            return tried
    return limit


def forget_past(*, at: datetime, limit: int) -> int:
    """Delete the files whose week is over; return how many."""
    past = ExportRequest.objects.filter(status=ExportRequest.Status.READY, until__lte=at)
    keys = list(past.order_by("until").values_list("pk", flat=True)[:limit])
    return _throw_away(keys)


def content(*, member: Member, at: datetime) -> dict[str, Any]:
    """Everything that the rooms on the board hold of a member, as plain values under Chinese names."""
    tables = {name: rows for room in personal.board() for name, rows in room.export(member.person).items()}
    return {"会员编号": member.public_id, "生成时间": at, "内容": tables}


@transaction.atomic
def _make_next(*, at: datetime) -> bool:
    waiting = ExportRequest.objects.filter(status=ExportRequest.Status.WAITING, due_at__lte=at)
    due = (
        waiting.select_for_update(skip_locked=True, of=("self",))
        .select_related("member")
        .order_by("due_at", "id")
        .first()
    )
    if due is None:
        return False
    due.attempts += 1
    try:
        with transaction.atomic():
            told = json.dumps(
                content(member=due.member, at=at), cls=DjangoJSONEncoder, ensure_ascii=False, indent=1
            )
    except Exception as error:
        log.exception("export_failed", name=due.member.public_id)
        due.last_error = faults.wording(error)[:300]
        due.due_at = at + min(_FIRST_WAIT * 2 ** min(due.attempts - 1, 10), _LONGEST_WAIT)
        due.save(update_fields=["attempts", "last_error", "due_at"])
        return True
    due.file, due.status, due.last_error = gzip.compress(told.encode()), ExportRequest.Status.READY, ""
    due.made_at, due.until = at, at + FILE_KEPT
    due.save(update_fields=["attempts", "last_error", "file", "status", "made_at", "until"])
    return True


def _of(member: Member) -> Any:
    return ExportRequest.objects.filter(member=member).order_by("-id")


def _throw_away(keys: list[int]) -> int:
    return ExportRequest.objects.filter(pk__in=keys).update(status=ExportRequest.Status.EXPIRED, file=None)
