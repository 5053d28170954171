"""The floor's own bells: a worker's heartbeat."""

from __future__ import annotations

from celery import shared_task

from apps.base import pulses


@shared_task(name="base.pulse")
def pulse() -> None:
    """Rung by beat, carried out by a worker: proves that tasks are executed, not only queued."""
    pulses.pulse(name="worker")
