"""The bells of flash sales."""

from __future__ import annotations

from celery import shared_task

from apps.base import jobs
from apps.flashsale import services as flashsale


@shared_task(name="flashsale.pass_turns")
def pass_turns() -> None:
    """End rights whose ten minutes are over, and give what is free to who waits."""
    jobs.run("flashsale.pass_turns", lambda at: flashsale.pass_turns(at=at))


@shared_task(name="flashsale.make_sessions")
def make_sessions() -> None:
    """Make the sessions of the coming days of all plans."""
    jobs.run("flashsale.make_sessions", lambda at: flashsale.make_sessions(at=at))
