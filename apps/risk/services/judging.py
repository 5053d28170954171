"""Judging held rewards: a person lets them go or refuses them, one or many, and the audit log has who and why.

The reward's own room comes first, under its own locks, and the look last: so it is wherever a look is written, and whoever
decides never waits in a ring with whoever ends the reward meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from apps.base import audit
from apps.base.outcomes import Outcome
from apps.risk import board
from apps.risk.models import Look
from apps.risk.states import LIFECYCLE, Verdict
from mall.errors import Invalid, Kind, ShopError

_LONGEST: Final = 100
_ACTIONS: Final = {"release": "放行奖励", "reject": "驳回奖励"}


class NothingToJudge(ShopError):
    """None of the rewards waits for anybody."""

    code = "look_not_held"
    message = "所选奖励已核实过，无需再处理"
    kind = Kind.CONFLICT


class NotYoursToJudge(ShopError):
    """Deciding about rewards of this kind needs a right that the operator does not have."""

    code = "look_not_yours"
    message = "这类奖励须由有相应权限的同事处理，例如佣金由财务处理"
    kind = Kind.CONFLICT


class ReasonMissing(Invalid):
    """Whoever refuses a reward says why."""

    code = "reason_missing"
    message = "请填写原因"


def release(
    *, look_ids: Collection[int], operator: Any, barred: Collection[str] = (), at: datetime
) -> Outcome:
    """Let held rewards go, each by itself: one that its room refuses leaves the others alone.

    ``barred`` are kinds about which the operator may not decide. One alone raises what its room refuses, or
    NotYoursToJudge. Raises NothingToJudge where none of them waits.
    """
    return _judge("release", look_ids, operator=operator, barred=barred, note="", at=at)


def reject(
    *, look_ids: Collection[int], reason: str, operator: Any, barred: Collection[str] = (), at: datetime
) -> Outcome:
    """Refuse held rewards, each by itself, as ``release`` lets them go. Raises ReasonMissing, NothingToJudge."""
    if not reason.strip():
        raise ReasonMissing
    return _judge("reject", look_ids, operator=operator, barred=barred, note=reason.strip(), at=at)


@transaction.atomic
def settled(
    *,
    kind: str,
    subject: str,
    member_id: int | None = None,
    other_ids: Collection[int] | None = None,
    move: str = "lapse",
    operator: Any = None,
    note: str = "",
    at: datetime,
) -> int:
    """Say that a room has decided by itself of rewards that waited here; return how many did.

    All of a ``subject``, or only those of a member, or of those by whose doing they came. ``move`` is ``release`` or
    ``reject`` where an operator decided there, and ``lapse`` where there is nothing to decide any more. Call it under
    the room's own locks; what does not wait is left alone.
    """
    waiting = Look.objects.select_for_update(no_key=True, of=("self",)).filter(
        kind=kind, subject=subject, verdict=Verdict.HELD
    )
    if member_id is not None:
        waiting = waiting.filter(member_id=member_id)
    if other_ids is not None:
        waiting = waiting.filter(other_id__in=other_ids)
    ids = list(waiting.order_by("id").values_list("pk", flat=True))
    return sum(_write(pk, move, operator=operator, note=note, at=at) for pk in ids)


def _judge(
    move: str, look_ids: Collection[int], *, operator: Any, barred: Collection[str], note: str, at: datetime
) -> Outcome:
    done, refusals = 0, []
    for look in Look.objects.filter(pk__in=look_ids).order_by("id"):
        try:
            if look.kind in barred:
                raise NotYoursToJudge
            if not _judge_one(look, move, operator=operator, note=note, at=at):
                raise NothingToJudge
            done += 1
        except ShopError as refusal:
            refusals.append((look, refusal))
    if not done and all(isinstance(refusal, NothingToJudge) for _, refusal in refusals):
        raise NothingToJudge
    if not done and len(refusals) == 1:
        raise refusals[0][1]
    return Outcome(done, [f"{look.title}：{refusal.text}" for look, refusal in refusals])


@transaction.atomic
def _judge_one(look: Look, move: str, *, operator: Any, note: str, at: datetime) -> bool:
    """Have the room decide, then write it down; False where nothing waits there any more, which is written down, too."""
    if look.verdict != Verdict.HELD:
        return False
    kind = board.kind_of(look.kind)
    decide = kind.release() if move == "release" else kind.reject()
    if not decide(look, reason=note, operator=operator, at=at):
        _write(look.pk, "lapse", at=at)
        return False
    if not _write(look.pk, move, operator=operator, note=note, at=at):
        raise NothingToJudge
    subject = f"{kind.label} {look.title}"
    audit.record(operator=operator, action=_ACTIONS[move], subject=subject, note=note, at=at)
    return True


def _write(look_id: int, move: str, *, operator: Any = None, note: str = "", at: datetime) -> bool:
    """Move a look that is held: the one place that writes a verdict; False where it is held no more."""
    target = LIFECYCLE.target(move=move, current=Verdict.HELD)
    held = Look.objects.filter(pk=look_id, verdict=Verdict.HELD)
    return bool(held.update(verdict=target, judged_at=at, judged_by=operator, note=note[:_LONGEST]))
