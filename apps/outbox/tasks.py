"""The post room's bells."""

from __future__ import annotations

from celery import shared_task

from apps.base import jobs
from apps.outbox import services as outbox


@shared_task(name=outbox.DELIVER)
def deliver() -> None:
    """Deliver what is due."""
    jobs.run(outbox.DELIVER, lambda at: outbox.deliver_due(at=at))


@shared_task(name="outbox.prune")
def prune() -> None:
    """Forget old mail that everybody got."""
    jobs.run("outbox.prune", lambda at: outbox.prune(at=at))
