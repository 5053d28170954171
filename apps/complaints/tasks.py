"""The complaints' bell: WeChat is asked what is new."""

from __future__ import annotations

from celery import shared_task

from apps.base import jobs
from apps.complaints.services import hearing


@shared_task(name="complaints.poll_due")
def poll_due() -> None:
    """Ask WeChat for complaints, and read those that are new or changed."""
    jobs.run("complaints.poll_due", lambda at: hearing.poll_due(at=at))
