"""Sweeps write down when they ran, how much they did and what went wrong; operators see it in the admin."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog
from django.utils import timezone

from apps.base import faults
from apps.base.models import JobRun

log = structlog.get_logger(__name__)


def run(name: str, sweep: Callable[[datetime], int]) -> int:
    """Call ``sweep(now)`` as the job ``name``, record the run, and return how many rows it handled.

    The clock is read here: a task is a door. An error is recorded and raised again.
    """
    started = timezone.now()
    JobRun.objects.update_or_create(name=name, defaults={"started_at": started})
    try:
        handled = sweep(started)
    except Exception as error:
        JobRun.objects.filter(name=name).update(finished_at=timezone.now(), error=faults.wording(error)[:500])
        raise
    JobRun.objects.filter(name=name).update(
        finished_at=timezone.now(), succeeded_at=timezone.now(), handled=handled, error=""
    )
    if handled:
        log.info("job", name=name, count=handled)
    return handled
