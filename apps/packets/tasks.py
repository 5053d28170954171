"""The bells of packets."""

from __future__ import annotations

from celery import shared_task

from apps.base import jobs
from apps.packets import services as packets


@shared_task(name="packets.lapse_due")
def lapse_due() -> None:
    """Close packets whose time is over."""
    jobs.run("packets.lapse_due", lambda at: packets.lapse_due(at=at))


@shared_task(name="packets.give_waiting")
def give_waiting() -> None:
    """Give parts that could not be given when they were won."""
    jobs.run("packets.give_waiting", lambda at: packets.give_waiting(at=at))
