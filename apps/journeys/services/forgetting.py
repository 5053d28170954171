"""Forgetting a member who leaves: they are on no way any more, and what staff wrote of them is gone."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.base import transactions
from apps.journeys import selectors as journey_facts
from apps.journeys.models import Inside, Participation, StaffTask
from apps.journeys.services import moving
from apps.journeys.states import Exit


def forget(*, member_id: int, at: datetime) -> None:
    """Take a member out of all journeys, in the caller's transaction. Again changes nothing."""
    transactions.require()
    mine = {"member_id": member_id}
    moving.let_go(Participation.objects.filter(**mine), why=Exit.GONE, at=at)
    moving.drop_tasks(StaffTask.objects.filter(**mine), note="", at=at)
    Inside.objects.filter(**mine).delete()
    StaffTask.objects.filter(**mine).exclude(note="").update(note="")


@transaction.atomic
def forget_old(*, at: datetime, limit: int) -> int:
    """Empty what staff wrote of members longer ago than it is kept; return of how many tasks."""
    old = journey_facts.past_keeping(at=at).select_for_update(skip_locked=True, no_key=True)
    return StaffTask.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:limit])).update(note="")
