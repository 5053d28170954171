"""Waking a worker after a commit. It may fail: the clock's sweeps find what is due all the same.

Whoever was woken and has not begun yet will see what is committed now, so that a rush of rows is a few rounds of the worker
and not one for each.
"""

from __future__ import annotations

from functools import partial
from typing import Final

import structlog
from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.db import transaction

from apps.base.cache import breaker_of

log = structlog.get_logger(__name__)

# Where Redis lost the nudge, or every worker is busy, another one is sent after so long.
_SECONDS: Final = 5


def after_commit(task: str) -> None:
    """Ask a worker for a round of this job (its name) once the caller's transaction is committed; now without one."""
    transaction.on_commit(partial(_ring, task), robust=True)


def heard(task: str) -> None:
    """Say that a worker begins: what is committed from now on is worth another nudge."""
    cache.delete(_key(task))


def _ring(task: str) -> None:
    breaker = breaker_of(settings.CELERY_BROKER_URL)
    # The broker's client takes two seconds to give up on a mute server. The cache's, on the same server, takes half a
    # second, and opens the breaker.
    if not cache.add(_key(task), 1, timeout=_SECONDS) or breaker.is_open:
        return
    try:
        current_app.send_task(task, expires=30)
    except Exception as error:
        breaker.open()
        log.warning("nudge_lost", name=task, error=type(error).__name__)


def _key(task: str) -> str:
    return f"nudged:{task}"
