"""The bell of group-buys."""

from __future__ import annotations

from celery import shared_task

from apps.base import jobs
from apps.groupbuy import services as groupbuy


@shared_task(name="groupbuy.end_due")
def end_due() -> None:
    """End the groups whose time is over."""
    jobs.run("groupbuy.end_due", lambda at: groupbuy.end_due(at=at))
