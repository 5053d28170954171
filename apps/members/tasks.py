"""The members' bells."""

from __future__ import annotations

from celery import shared_task

from apps.base import jobs
from apps.members.services import growth, sessions


@shared_task(name="members.forget_dead_sessions")
def forget_dead_sessions() -> None:
    """Delete sessions that ended long ago."""
    jobs.run("members.forget_dead_sessions", lambda at: sessions.forget_dead(at=at))


@shared_task(name="members.review_levels")
def review_levels() -> None:
    """Renew or lower the levels whose year is over."""
    jobs.run("members.review_levels", lambda at: growth.review_due(at=at))
