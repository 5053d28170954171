"""Fulfillment's bells."""

from __future__ import annotations

from celery import shared_task

from apps.base import jobs
from apps.fulfillment.services import carriers, receipt, waybills


@shared_task(name=receipt.RING)
def receive_overdue() -> None:
    """Confirm receipt for shoppers who never do."""
    jobs.run(receipt.RING, lambda at: receipt.receive_overdue(at=at))


@shared_task(name="fulfillment.refresh_carriers")
def refresh_carriers() -> None:
    """Fetch WeChat's list of carriers."""
    jobs.run("fulfillment.refresh_carriers", lambda at: carriers.refresh())


@shared_task(name="fulfillment.make_waybills")
def make_waybills() -> None:
    """Find out about electronic waybills to which WeChat gave no answer."""
    jobs.run("fulfillment.make_waybills", lambda at: waybills.make_due(at=at))
