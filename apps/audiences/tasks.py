"""The bells of audiences."""

from __future__ import annotations

from celery import shared_task

from apps.audiences import services as audiences
from apps.base import jobs


@shared_task(name="audiences.reckon")
def reckon() -> None:
    """Renew recency, frequency and money of members: by night all classes, by day whose orders changed."""
    jobs.run("audiences.reckon", lambda at: audiences.reckon_due(at=at))


@shared_task(name="audiences.keep_up")
def keep_up() -> None:
    """Follow the rules of tags, fill the groups of segments, and count segments."""
    jobs.run("audiences.keep_up", lambda at: audiences.keep_up(at=at))
