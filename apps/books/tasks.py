"""The books' bells: WeChat's bills of days that are over and whether they say the same as the shop, and the journal."""

from __future__ import annotations

from celery import shared_task

from apps.base import jobs
from apps.books.services import fetching, journal


@shared_task(name="books.fetch_bills")
def fetch_bills() -> None:
    """Fetch the bills that are due, and compare the days that arrived."""
    jobs.run("books.fetch_bills", lambda at: fetching.fetch_due(at=at))


@shared_task(name="books.post_due")
def post_due() -> None:
    """Post what has happened into the double-entry books, and close the days that are over."""
    jobs.run("books.post_due", lambda at: journal.post_due(at=at))
