"""Erasing a member (PIPL Art. 47): asked for, taken back within seven days or carried out by the clock.

The sweep goes in two steps. First it ends the member's sessions, so that nothing new begins; two minutes later,
when every request that was under way has ended (none lasts longer than half a minute), it looks once more whether
anything is open and erases room by room, in one transaction: broken off, all of it is done again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.db import transaction

from apps.base import faults, personal
from apps.members.models import ErasureRequest, Member
from apps.members.services import sessions
from mall.errors import Invalid, Kind, NotFound, ShopError

log = structlog.get_logger(__name__)

THINKS_FOR: Final = timedelta(days=7)
_QUIET_FOR: Final = timedelta(minutes=2)
# What is open ends in its own time; the member need not ask again.
_LOOK_AGAIN: Final = timedelta(days=1)
_FIRST_WAIT: Final = timedelta(minutes=5)
_LONGEST_WAIT: Final = timedelta(hours=6)


class ErasureBlocked(ShopError):
    """Something is open that needs the member; ``details.open`` says what: code, text, numbers."""

    code = "erasure_blocked"
    message = "还有未了结的事项，暂时不能注销"
    kind = Kind.CONFLICT


class NothingToTakeBack(ShopError):
    """The member is erased already, or never asked for it."""

    code = "erasure_not_waiting"
    message = "没有等待中的注销申请"
    kind = Kind.CONFLICT


class ReasonMissing(Invalid):
    """An operator who acts in a member's name says why."""

    code = "reason_missing"
    message = "请填写代办原因"


def ask(*, member: Member, operator: Any = None, reason: str = "", at: datetime) -> ErasureRequest:
    """Ask to be erased in seven days; where that was asked before, it is the same request.

    ``operator`` asks in the member's name and says why. Raises ErasureBlocked, ReasonMissing, NotFound (erased).
    """
    if operator is not None and not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        locked = Member.objects.select_for_update(no_key=True).get(pk=member.pk)
        if locked.erased_at is not None:
            raise NotFound
        waiting = _waiting(locked).first()
        if waiting is not None:
            return waiting
        if found := [one for one in still_open(member=locked) if not one.settles_itself]:
            raise ErasureBlocked(details={"open": _told(found)})
        return ErasureRequest.objects.create(
            member=locked,
            operator=operator,
            reason=reason.strip()[:100],
            asked_at=at,
            until=at + THINKS_FOR,
            due_at=at + THINKS_FOR,
        )


def take_back(*, member: Member, operator: Any = None, at: datetime) -> None:
    """Take the request back, as long as it was not carried out. Raises NothingToTakeBack.

    Whom the sweep had shut out already is served again.
    """
    with transaction.atomic():
        waiting = _waiting(member).select_for_update().first()
        if waiting is None:
            raise NothingToTakeBack
        _open_again(waiting)
        waiting.status, waiting.ended_at = ErasureRequest.Status.TAKEN_BACK, at
        waiting.operator = operator or waiting.operator
        waiting.save(update_fields=["status", "ended_at", "closed_at", "operator"])


def latest(*, member: Member) -> ErasureRequest:
    """The request made last. Raises NotFound where none was made."""
    found = ErasureRequest.objects.filter(member=member).order_by("-id").first()
    if found is None:
        raise NotFound
    return found


def still_open(*, member: Member) -> list[personal.Open]:
    """What stands in the way of erasing the member, room by room."""
    return [found for room in personal.board() for found in room.still_open(member.person)]


def carry_out_due(*, at: datetime, limit: int = 20) -> int:
    """Take the next step of each request whose time has come, each for itself; return how many were looked at."""
    for tried in range(limit):
        if not _next(at=at):
            return tried
    return limit


@transaction.atomic
def _next(*, at: datetime) -> bool:
    waiting = ErasureRequest.objects.filter(status=ErasureRequest.Status.WAITING, due_at__lte=at)
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
            _step(due, at=at)
            due.last_error = ""
            due.save()
    except Exception as error:
        log.exception("erasure_failed", name=due.member.public_id)
        wait = min(_FIRST_WAIT * 2 ** min(due.attempts - 1, 10), _LONGEST_WAIT)
        ErasureRequest.objects.filter(pk=due.pk).update(
            attempts=due.attempts, last_error=faults.wording(error)[:300], due_at=at + wait
        )
    return True


def _step(due: ErasureRequest, *, at: datetime) -> None:
    """Hold up, shut out, or erase; the caller saves the request."""
    found = still_open(member=due.member)
    due.held_up_by = sorted({one.code for one in found})
    if found:
        _open_again(due)
        due.due_at = at + _LOOK_AGAIN
    elif due.closed_at is None or due.member.disabled_at is None:
        _shut_out(due, at=at)
        due.due_at = at + _QUIET_FOR
    else:
        for room in personal.board():
            room.erase(due.member.person, at=at)
        due.status, due.ended_at = ErasureRequest.Status.DONE, at
        # By the number alone: whoever restores an older backup learns here whom to erase again.
        log.info("member_erased", name=due.member.public_id)


def _shut_out(due: ErasureRequest, *, at: datetime) -> None:
    """End the sessions and let nobody log in. An operator's own closing of the account is left as it is."""
    Member.objects.filter(pk=due.member_id, disabled_at=None).update(disabled_at=at)
    sessions.close_all(member=due.member, why="erasure", at=at)
    due.closed_at = at


def _open_again(due: ErasureRequest) -> None:
    """Undo the shutting out; what an operator closed stays closed."""
    if due.closed_at is not None:
        Member.objects.filter(pk=due.member_id, disabled_at=due.closed_at).update(disabled_at=None)
    due.closed_at = None


def _waiting(member: Member) -> Any:
    return ErasureRequest.objects.filter(member=member, status=ErasureRequest.Status.WAITING)


def _told(found: Sequence[personal.Open]) -> list[dict[str, Any]]:
    return [{"code": one.code, "text": one.text, "numbers": list(one.numbers)} for one in found]
