"""The bells of points."""

from __future__ import annotations

from celery import shared_task

from apps.base import jobs
from apps.points import services as points


@shared_task(name="points.expire_due")
def expire_due() -> None:
    """Take points past their end out of the balances."""
    jobs.run("points.expire_due", lambda at: points.expire_due(at=at))


@shared_task(name="points.remind_due")
def remind_due() -> None:
    """Announce points that are gone in some days."""
    jobs.run("points.remind_due", lambda at: points.remind_due(at=at))


@shared_task(name="points.give_birthday_gifts")
def give_birthday_gifts() -> None:
    """Give the birthday gifts of today and of days on which the clock stood still."""
    jobs.run("points.give_birthday_gifts", lambda at: points.give_birthday_gifts(at=at))
