"""Sweeps write down when they ran, how much they did and what went wrong; operators see it in the admin."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from apps.base import clock, faults
from apps.base.models import JobRun

log = structlog.get_logger(__name__)


def run(name: str, sweep: Callable[[datetime], int]) -> int:
    """Call ``sweep(now)`` as the job ``name``, record the run, and return how many rows it handled.

    The clock is read here: a task is a door. It is the database's clock, so that a worker whose own is wrong
    takes nothing that is not due. An error is recorded and raised again.
    """
    started, ahead = clock.read()
    if clock.is_too_far(ahead):
        log.warning("clock_wrong", name=name, seconds=round(ahead.total_seconds()))
    JobRun.objects.update_or_create(name=name, defaults={"started_at": started})
    try:
        handled = sweep(started)
    except Exception as error:
        JobRun.objects.filter(name=name).update(
            finished_at=clock.database_now(), error=faults.wording(error)[:500]
        )
        raise
    finished = clock.database_now()
    JobRun.objects.filter(name=name).update(
        finished_at=finished, succeeded_at=finished, handled=handled, error=""
    )
    if handled:
        log.info("job", name=name, count=handled)
    return handled
