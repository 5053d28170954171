"""The bells of flash sales."""

from __future__ import annotations

from celery import shared_task

from apps.base import jobs
from apps.flashsale import services as flashsale
from apps.flashsale import telling
from apps.messaging import services as messaging


@shared_task(name="flashsale.pass_turns")
def pass_turns() -> None:
    """End rights whose ten minutes are over, and give what is free to who waits."""
    jobs.run("flashsale.pass_turns", lambda at: flashsale.pass_turns(at=at))


@shared_task(name="flashsale.make_sessions")
def make_sessions() -> None:
    """Make the sessions of the coming days of all plans."""
    jobs.run("flashsale.make_sessions", lambda at: flashsale.make_sessions(at=at))


@shared_task(name="flashsale.tell_starts")
def tell_starts() -> None:
    """Tell whoever asked for it that a session begins in five minutes."""
    jobs.run("flashsale.tell_starts", lambda at: messaging.announce(telling.starts(at=at), at=at))
