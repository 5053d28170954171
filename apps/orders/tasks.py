"""The orders' bell: those that nobody has paid and that close soon."""

from __future__ import annotations

from celery import shared_task

from apps.base import jobs
from apps.messaging import services as messaging
from apps.orders import telling


@shared_task(name="orders.tell_closing")
def tell_closing() -> None:
    """Tell buyers of orders that close within ten minutes, each once."""
    jobs.run("orders.tell_closing", lambda at: messaging.announce(telling.closings(at=at), at=at))
