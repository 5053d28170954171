"""The books' bell: WeChat's bills of days that are over, and whether they say the same as the shop."""

from __future__ import annotations

from celery import shared_task

from apps.base import jobs
from apps.books.services import fetching


@shared_task(name="books.fetch_bills")
def fetch_bills() -> None:
    """Fetch the bills that are due, and compare the days that arrived."""
    jobs.run("books.fetch_bills", lambda at: fetching.fetch_due(at=at))
