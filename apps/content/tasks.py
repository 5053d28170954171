"""The bells of reviews."""

from __future__ import annotations

from celery import shared_task

from apps.base import jobs
from apps.content import services as reviews


@shared_task(name="content.hold_overdue")
def hold_overdue() -> None:
    """Give reviews to a person about which WeChat has not said everything in time."""
    jobs.run("content.hold_overdue", lambda at: reviews.hold_overdue(at=at))
