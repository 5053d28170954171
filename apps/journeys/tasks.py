"""The bells of journeys."""

from __future__ import annotations

from celery import shared_task

from apps.base import jobs
from apps.journeys import services as journeys
from apps.journeys.states import ENTER, MOVE


@shared_task(name=MOVE)
def move_due() -> None:
    """Move members along whose next step is due."""
    jobs.run(MOVE, lambda at: journeys.move_due(at=at))


@shared_task(name=ENTER)
def enter_due() -> None:
    """Look for members who meet a trigger that no news brings."""
    jobs.run(ENTER, lambda at: journeys.enter_due(at=at))
