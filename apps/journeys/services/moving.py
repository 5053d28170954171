"""Where members on their way and tasks of staff come to stand: the one place that writes their status."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from apps.journeys.models import Participation, StaffTask
from apps.journeys.states import PARTICIPATION, TASK, Exit


def finish(rows: Iterable[Participation], *, at: datetime) -> None:
    """These came to the end; whoever holds the rows saves them."""
    for row in rows:
        row.status = PARTICIPATION.target(move="finish", current=row.status)
        row.next_due_at, row.ended_at = None, at


def leave(rows: Iterable[Participation], *, why: Exit, at: datetime) -> None:
    """These go no further; whoever holds the rows saves them."""
    for row in rows:
        row.status = PARTICIPATION.target(move="leave", current=row.status)
        row.exit, row.next_due_at, row.ended_at = why, None, at


def let_go(rows: QuerySet[Participation], *, why: Exit, at: datetime) -> int:
    """Have all of these who are on their way leave, in one statement; return how many."""
    move = PARTICIPATION.moves["leave"]
    return rows.filter(status__in=move.sources).update(
        status=move.target, exit=why, next_due_at=None, ended_at=at
    )


def close(task: StaffTask, *, move: str, note: str, operator: Any, at: datetime) -> None:
    """Close one locked task. Raises MoveRefused."""
    task.status = TASK.target(move=move, current=task.status)
    task.note, task.done_by, task.done_at = note, operator, at
    task.save(update_fields=["status", "note", "done_by", "done_at"])


def drop_tasks(tasks: QuerySet[StaffTask], *, note: str, at: datetime) -> int:
    """Drop all of these that are open, in one statement; return how many."""
    move = TASK.moves["drop"]
    return tasks.filter(status__in=move.sources).update(status=move.target, done_at=at, note=note)
