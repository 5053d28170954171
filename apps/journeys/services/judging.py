"""What a decision about a held coupon of a journey means (the board of risk): the member gets it, or nobody does."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apps.journeys import flow as flows
from apps.journeys import keys
from apps.journeys.models import Participation
from apps.journeys.services import acting, recording
from apps.journeys.states import Outcome, Reason
from apps.journeys.steps import GiveCoupon
from apps.risk.models import Look


def release_held(look: Look, *, reason: str, operator: Any, at: datetime) -> bool:
    """Give the coupon of the version by which the member walked; False for who has left, or where there is no step."""
    found = _held(look)
    if found is None or found[0].member.erased_at is not None:
        return False
    participation, step = found
    template_id = _template(participation, step)
    if template_id is None:
        return False
    record = acting.give_held(participation=participation, step=step, template_id=template_id, at=at)
    recording.keep([record], once=True, at=at)
    return True


def reject_held(look: Look, *, reason: str, operator: Any, at: datetime) -> bool:
    """Write down that the member gets nothing."""
    found = _held(look)
    if found is None:
        return False
    participation, step = found
    record = recording.Record(participation.pk, step, GiveCoupon.kind, Outcome.SKIPPED, Reason.REJECTED)
    recording.keep([record], once=True, at=at)
    return True


def _held(look: Look) -> tuple[Participation, int] | None:
    """The participation and the step that a look is about."""
    participation_id, step = keys.read(look.subject)
    rows = Participation.objects.select_related("member", "version")
    found = rows.filter(pk=participation_id, member_id=look.member_id).first()
    return None if found is None else (found, step)


def _template(participation: Participation, step: int) -> int | None:
    placed = flows.read(participation.version.plan).placed()
    found = placed[step - 1].step if step <= len(placed) else None
    return found.template if isinstance(found, GiveCoupon) else None
