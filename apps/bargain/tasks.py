"""The bell of bargains."""

from __future__ import annotations

from celery import shared_task

from apps.bargain import services as bargains
from apps.base import jobs


@shared_task(name="bargain.lapse_due")
def lapse_due() -> None:
    """Close runs whose clock has run out."""
    jobs.run("bargain.lapse_due", lambda at: bargains.lapse_due(at=at))
