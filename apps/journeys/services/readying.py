"""Making a draft of one of the ready journeys; operators finish and start it."""

from __future__ import annotations

import copy
from datetime import datetime

from django.db import transaction

from apps.journeys import ready
from apps.journeys.models import Journey
from apps.journeys.services import ruling
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
        code=code or found.code, title=found.title, note=found.note, plan=copy.deepcopy(dict(found.plan))
    )
    return ruling.save(made, at=at)
