"""The bells of deadlines. That which finds orders without one is the counter's: it knows what activities agreed on."""

from __future__ import annotations

from celery import shared_task

from apps.base import jobs
from apps.deadlines.services import watching


@shared_task(name="deadlines.warn_due")
def warn_due() -> None:
    """Warn of orders that are due soon."""
    jobs.run("deadlines.warn_due", lambda at: watching.warn_due(at=at))


@shared_task(name="deadlines.lapse_due")
def lapse_due() -> None:
    """Let buyers wait who did not answer in time."""
    jobs.run("deadlines.lapse_due", lambda at: watching.lapse_due(at=at))


@shared_task(name="deadlines.end_missed")
def end_missed() -> None:
    """End the deadlines of orders that left while nobody told."""
    jobs.run("deadlines.end_missed", lambda at: watching.end_missed(at=at))
