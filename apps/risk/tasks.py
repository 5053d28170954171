"""The bell of risk."""

from __future__ import annotations

from celery import shared_task

from apps.base import jobs
from apps.risk import services as risk


@shared_task(name="risk.forget_traces")
def forget_traces() -> None:
    """Delete traces whose time is over."""
    jobs.run("risk.forget_traces", lambda at: risk.forget(at=at))
