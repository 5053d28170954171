"""The members' bells."""

from __future__ import annotations

from celery import shared_task

from apps.base import jobs
from apps.members.services import erasures, exports, growth, keeping, sessions, uploads


@shared_task(name="members.forget_dead_sessions")
def forget_dead_sessions() -> None:
    """Delete sessions that ended long ago."""
    jobs.run("members.forget_dead_sessions", lambda at: sessions.forget_dead(at=at))


@shared_task(name="members.forget_unused_pictures")
def forget_unused_pictures() -> None:
    """Delete pictures that nothing took."""
    jobs.run("members.forget_unused_pictures", lambda at: uploads.forget_unused(at=at))


@shared_task(name="members.review_levels")
def review_levels() -> None:
    """Renew or lower the levels whose year is over."""
    jobs.run("members.review_levels", lambda at: growth.review_due(at=at))


@shared_task(name="members.make_exports")
def make_exports() -> None:
    """Make the files of personal data that members asked for."""
    jobs.run("members.make_exports", lambda at: exports.make_due(at=at))


@shared_task(name="members.carry_out_erasures")
def carry_out_erasures() -> None:
    """Erase members whose seven days are over."""
    jobs.run("members.carry_out_erasures", lambda at: erasures.carry_out_due(at=at))


@shared_task(name="members.forget_past_keeping")
def forget_past_keeping() -> None:
    """Erase personal data that every room has kept long enough."""
    jobs.run("members.forget_past_keeping", lambda at: keeping.forget_past(at=at))
