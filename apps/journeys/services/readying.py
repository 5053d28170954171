"""Making drafts: of one of the ready journeys, or of another journey; operators finish and start them."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime

from django.db import transaction

from apps.journeys import ready
from apps.journeys.models import Journey
from apps.journeys.services import ruling, running
from mall.errors import Fault, Faulty


class ReadyUnknown(Faulty):
    """There is no ready journey of that name."""

    code = "journey_ready_unknown"


@transaction.atomic
def make_ready(*, name: str, code: str = "", at: datetime) -> Journey:
    """A draft of a ready journey, under its own code or another. Raises ReadyUnknown, JourneyRefused for a code in use."""
    found = ready.BY_CODE.get(name)
    if found is None:
        raise ReadyUnknown([Fault("name", "请选择范例")])
    made = Journey(
        code=code or found.code, title=found.title, note=found.note, plan=deepcopy(dict(found.plan))
    )
    return ruling.save(made, at=at)


@transaction.atomic
def copy(*, journey_id: int, code: str, title: str, at: datetime) -> Journey:
    """A draft with the plan and figures of another journey. Raises JourneyRefused, NotFound."""
    of = running.locked(journey_id)
    made = Journey(code=code, title=title, note=of.note, plan=of.plan)
    made.holdout_percent, made.measure_days = of.holdout_percent, of.measure_days
    return ruling.save(made, at=at)
