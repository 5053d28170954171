"""Tasks for staff: what a person did about one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from apps.journeys.models import StaffTask
from apps.journeys.services import moving
from mall import text as texts
from mall.errors import NotFound


@transaction.atomic
def finish(*, task_id: int, note: str, operator: Any, at: datetime) -> None:
    """Say that a task is done, and what came of it. Raises MoveRefused, NotFound."""
    _close(task_id, "finish", note=note, operator=operator, at=at)


@transaction.atomic
def drop(*, task_id: int, note: str, operator: Any, at: datetime) -> None:
    """Say that nothing has to be done any more, and why. Raises MoveRefused, NotFound."""
    _close(task_id, "drop", note=note, operator=operator, at=at)


def _close(task_id: int, move: str, *, note: str, operator: Any, at: datetime) -> None:
    task = StaffTask.objects.select_for_update(no_key=True).filter(pk=task_id).first()
    if task is None:
        raise NotFound
    moving.close(task, move=move, note=texts.plain(note)[:200], operator=operator, at=at)
