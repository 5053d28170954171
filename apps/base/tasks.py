"""The floor's own bells: a worker's heartbeat, files that nobody wants any more, and whether all adds up."""

from __future__ import annotations

from celery import shared_task

from apps.base import held, invariants, jobs, private, pulses


@shared_task(name="base.pulse")
def pulse() -> None:
    """Rung by beat, carried out by a worker: proves that tasks are executed, not only queued."""
    pulses.pulse(name="worker")


@shared_task(name="base.forget_held")
def forget_held() -> None:
    """Delete files that were chosen in a refused form and not saved within a day."""
    jobs.run("base.forget_held", lambda at: held.forget(at=at))


@shared_task(name="base.forget_unnamed")
def forget_unnamed() -> None:
    """Delete private files and videos whose transaction was rolled back: no row names them."""
    jobs.run("base.forget_unnamed", lambda at: private.forget_unnamed(at=at))


@shared_task(name="base.check_invariants")
def check_invariants() -> None:
    """Reckon up every promise of the shop; what does not hold is counted as handled, kept for operators and logged."""
    jobs.run("base.check_invariants", lambda at: invariants.reckon(at=at))
