"""The pictures' bell."""

from __future__ import annotations

from celery import shared_task

from apps.base import jobs
from apps.pictures import unnamed


@shared_task(name="pictures.forget_unnamed")
def forget_unnamed() -> None:
    """Delete pictures whose transaction was rolled back: no row names them."""
    jobs.run("pictures.forget_unnamed", lambda at: unnamed.forget(at=at))
