"""Beat's scheduler: Celery's own, which also says in the database that it is alive."""

from __future__ import annotations

import time
from typing import Any

import structlog
from celery.beat import PersistentScheduler
from django.db import DatabaseError, InterfaceError, close_old_connections

from apps.base import pulses

log = structlog.get_logger(__name__)

_EVERY_SECONDS = 10


class PulsingScheduler(PersistentScheduler):
    """Celery's persistent scheduler plus a heartbeat; a database or broker that is away never stops it."""

    _pulsed_at = -float(_EVERY_SECONDS)
    # Wake often enough to pulse on time even if nothing is due.
    max_interval = 5

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        self._pulse()
        return super().tick(*args, **kwargs)

    def apply_async(self, *args: Any, **kwargs: Any) -> Any:
        """Publish a due task; while the broker is away the ring is lost, and the next one finds the same rows."""
        try:
            return super().apply_async(*args, **kwargs)
        except Exception as error:
            log.warning("ring_lost", error=type(error).__name__)
            return None

    def _pulse(self) -> None:
        if time.monotonic() - self._pulsed_at < _EVERY_SECONDS:
            return
        self._pulsed_at = time.monotonic()
        try:
            close_old_connections()
            pulses.pulse(name="beat")
        except (DatabaseError, InterfaceError) as error:
            log.warning("pulse_lost", error=type(error).__name__)
