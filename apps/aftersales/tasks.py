"""The bell of after-sales: deadlines of applications."""

from __future__ import annotations

from celery import shared_task

from apps.aftersales.services import sweeping
from apps.base import jobs


@shared_task(name="aftersales.run_deadlines")
def run_deadlines() -> None:
    """Do what is due about applications whose deadline is over."""
    jobs.run("aftersales.run_deadlines", lambda at: sweeping.run_deadlines(at=at))
