"""Forgetting a member who leaves: they are on no way any more, and what staff wrote of them is gone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from apps.base import transactions
from apps.journeys import selectors as journey_facts
from apps.journeys.models import Inside, Participation, StaffTask
from apps.journeys.states import PARTICIPATION, TASK, Exit, Standing, TaskStatus

KEPT: Final = timedelta(days=journey_facts.KEPT_DAYS)


def forget(*, member_id: int, at: datetime) -> None:
    """Take a member out of all journeys, in the caller's transaction. Again changes nothing."""
    transactions.require()
    walking = Participation.objects.select_for_update(no_key=True).filter(
        member_id=member_id, status=Standing.WALKING
    )
    for row in walking.order_by("pk"):
        row.status = PARTICIPATION.target(move="leave", current=row.status)
        row.exit, row.next_due_at, row.ended_at = Exit.GONE, None, at
        row.save(update_fields=["status", "exit", "next_due_at", "ended_at"])
    Inside.objects.filter(member_id=member_id).delete()
    for task in StaffTask.objects.select_for_update(no_key=True).filter(
        member_id=member_id, status=TaskStatus.OPEN
    ):
        task.status, task.done_at = TASK.target(move="drop", current=task.status), at
        task.save(update_fields=["status", "done_at"])
    StaffTask.objects.filter(member_id=member_id).exclude(note="").update(note="")


@transaction.atomic
def forget_old(*, at: datetime, limit: int) -> int:
    """Empty what staff wrote of members longer ago than it is kept; return of how many tasks."""
    old = journey_facts.past_keeping(at=at).select_for_update(skip_locked=True, no_key=True)
    return StaffTask.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:limit])).update(note="")
