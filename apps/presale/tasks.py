"""The bell of pre-sales."""

from __future__ import annotations

from celery import shared_task

from apps.base import jobs
from apps.presale import services as presales


@shared_task(name="presale.allot_due")
def allot_due() -> None:
    """Give goods that are here to the orders that wait for them."""
    jobs.run("presale.allot_due", lambda at: presales.allot_due(at=at))
