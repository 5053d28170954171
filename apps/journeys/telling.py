"""What is true of a journey's message when it is told and when it is sent: the member is still one whom it means."""

from __future__ import annotations

from datetime import datetime

from apps.journeys import truths
from apps.journeys.models import Participation
from apps.journeys.states import JourneyStatus, Standing
from apps.messaging.board import Facts
from apps.messaging.readers import values_of


def step(*, subject: str, member_id: int, at: datetime) -> Facts | None:
    """The member whom the text speaks to; None once the journey does not run, or an exit of it took the member out."""
    row = (
        Participation.objects.select_related("journey", "version", "member__level")
        .filter(pk=int(subject), member_id=member_id)
        .first()
    )
    if row is None or row.status == Standing.LEFT or row.journey.status != JourneyStatus.LIVE:
        return None
    if "ordered" in row.version.plan["exits"] and truths.ordered([row]):
        return None
    return Facts(values=values_of(row.member))
