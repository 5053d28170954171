"""The simulator's bell: simulations that operators asked for go on, chunk by chunk."""

from __future__ import annotations

from celery import shared_task

from apps.base import jobs
from apps.simulator import runs


@shared_task(name="checkout.replay_simulations")
def replay_simulations() -> None:
    """Go on with the simulations that operators asked for."""
    jobs.run("checkout.replay_simulations", lambda at: runs.advance_due(at=at))
