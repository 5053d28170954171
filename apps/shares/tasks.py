"""The bells of shares: what the post missed or WeChat refused is made and told all the same."""

from __future__ import annotations

from celery import shared_task

from apps.base import jobs
from apps.shares import services as shares


@shared_task(name="shares.draw_due")
def draw_due() -> None:
    """Make mini-program codes and posters that are missing."""
    jobs.run("shares.draw_due", lambda at: shares.draw_due(at=at))


@shared_task(name="shares.tell_due")
def tell_due() -> None:
    """Tell WeChat how far groups have come."""
    jobs.run("shares.tell_due", lambda at: shares.send_due(at=at))
