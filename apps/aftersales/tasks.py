"""The bells of after-sales: deadlines of applications, and orders that nobody fetched."""

from __future__ import annotations

from celery import shared_task

from apps.aftersales.services import sweeping
from apps.base import jobs


@shared_task(name="aftersales.run_deadlines")
def run_deadlines() -> None:
    """Do what is due about applications whose deadline is over."""
    jobs.run("aftersales.run_deadlines", lambda at: sweeping.run_deadlines(at=at))


@shared_task(name="aftersales.refund_unfetched")
def refund_unfetched() -> None:
    """Refund what lay ready in a shop for too long and nobody fetched."""
    jobs.run("aftersales.refund_unfetched", lambda at: sweeping.refund_unfetched(at=at))
