"""The bell of referrals."""

from __future__ import annotations

from celery import shared_task

from apps.base import jobs
from apps.referrals import services as referrals


@shared_task(name="referrals.give_waiting")
def give_waiting() -> None:
    """Give what could not be given when it was won."""
    jobs.run("referrals.give_waiting", lambda at: referrals.give_waiting(at=at))
