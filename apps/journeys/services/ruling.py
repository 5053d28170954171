"""What operators say of a journey beside its steps: judged before it holds for anybody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from apps.base import judging
from apps.journeys.models import Journey
from apps.journeys.states import JourneyStatus
from mall import text as texts
from mall.errors import Fault, Faulty, NotFound

_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", re.ASCII)
# Columns that the services fill in.
OURS: Final = (
    *("status", "plan", "revision", "current", "hears", "swept_on", "swept_at", "cursor", "paused_for"),
    *("created_at", "started_at", "ended_at"),
)
EMPTY: Final[Mapping[str, Any]] = {
    "trigger": {"is": "event", "event": ""},
    "again_days": None,
    "exits": [],
    "steps": [],
}


class JourneyRefused(Faulty):
    """A journey that cannot be: without a name, with the code of another, with figures that nobody can mean."""

    code = "journey_refused"


def check(journey: Journey) -> None:
    """Hold a journey against what can be. Raises JourneyRefused."""
    journey.code = texts.code(journey.code)
    judging.refuse(JourneyRefused, journey, _faults(journey), exclude=OURS)


@transaction.atomic
def save(journey: Journey, *, at: datetime) -> Journey:
    """Save a new journey as a draft, or what is said of one; not its steps. Raises JourneyRefused, NotFound."""
    if journey.pk is None:
        journey.created_at = at
        journey.plan = journey.plan or dict(EMPTY)
        check(journey)
        journey.save()
        return journey
    kept = Journey.objects.select_for_update(no_key=True).filter(pk=journey.pk).first()
    if kept is None:
        raise NotFound
    check(journey)
    for name in ("code", "title", "note", "holdout_percent", "measure_days"):
        setattr(kept, name, getattr(journey, name))
    kept.save(update_fields=["code", "title", "note", "holdout_percent", "measure_days"])
    return kept


def _faults(journey: Journey) -> Iterator[Fault]:
    if not _CODE.fullmatch(journey.code):
        yield Fault("code", "编码只能用字母、数字、下划线和连字符，以字母或数字开头")
    if journey.pk is None or journey.status == JourneyStatus.DRAFT:
        return
    kept = Journey.objects.filter(pk=journey.pk).first()
    # Who is held out follows from both: a change would make the arms other people.
    if kept is not None and kept.code != journey.code:
        yield Fault("code", "旅程已开始，编码不能修改")
    if kept is not None and kept.holdout_percent != journey.holdout_percent:
        yield Fault("holdout_percent", "旅程已开始，对照组比例不能修改")
