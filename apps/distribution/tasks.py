"""The bells of distribution."""

from __future__ import annotations

from celery import shared_task

from apps.base import jobs
from apps.distribution.services import leaderboard, promoters, settlement, transferring


@shared_task(name="distribution.settle_due")
def settle_due() -> None:
    """Make commissions available whose after-sales window is over."""
    jobs.run("distribution.settle_due", lambda at: settlement.settle_due(at=at))


@shared_task(name="distribution.review_levels")
def review_levels() -> None:
    """Lift promoters to the level that they have earned."""
    jobs.run("distribution.review_levels", lambda at: promoters.review_levels(at=at))


@shared_task(name="distribution.reward_due")
def reward_due() -> None:
    """Book the rewards of contests that are over."""
    jobs.run("distribution.reward_due", lambda at: leaderboard.reward_due(at=at))


@shared_task(name="distribution.transfer_due")
def transfer_due() -> None:
    """Hand withdrawals to WeChat that were let pass, and ask about those that are there."""
    jobs.run("distribution.transfer_due", lambda at: transferring.carry_on(at=at))
