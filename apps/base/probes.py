"""/healthz and /readyz: does this process answer, and can the shop do business?"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView
from kombu import Connection
from prometheus_client import Gauge

from apps.base import clock, pulses

log = structlog.get_logger(__name__)

_AHEAD = Gauge(
    "mall_clock_ahead_seconds",
    "How far a process's clock is ahead of the database's; behind is negative.",
    ["process"],
    multiprocess_mode="mostrecent",
)


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer that the process is alive; asks nobody else."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 if every part works, else 503 with the failing parts named."""
    parts = {name: _tried(name, check) for name, check in CHECKS.items()}
    failing = [name for name, fault in parts.items() if fault]
    return JsonResponse(
        {
            "status": "unavailable" if failing else "ok",
            "failing": failing,
            "parts": {name: fault or "ok" for name, fault in parts.items()},
        },
        status=503 if failing else 200,
    )


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer Prometheus, with the clocks as they are now; without them while the database is away."""
    with suppress(DatabaseError, InterfaceError):
        for process, ahead in _clocks().items():
            _AHEAD.labels(process=process).set(ahead.total_seconds())
    answer: HttpResponse = ExportToDjangoView(request)
    return answer


def _tried(name: str, check: Callable[[], str]) -> str:
    """Return what is wrong with a part, or an empty text."""
    try:
        return check()
    except Exception as error:  # whatever it is, the part does not work, and that is the answer
        log.warning("part_failing", part=name, error=type(error).__name__)
        return type(error).__name__


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return ""


def _migrations() -> str:
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(waiting)} unapplied" if waiting else ""


def _cache() -> str:
    reachable: Callable[[], bool] = cache.reachable  # type: ignore[attr-defined]
    return "" if reachable() else "unreachable"


def _broker() -> str:
    with Connection(
        settings.CELERY_BROKER_URL,
        connect_timeout=1,
        transport_options={
            **settings.CELERY_BROKER_TRANSPORT_OPTIONS,
            "socket_timeout": 1,
            "socket_connect_timeout": 1,
        },
    ) as broker:
        broker.ensure_connection(max_retries=1, timeout=1)
    return ""


def _heard(name: str) -> Callable[[], str]:
    return lambda: "silent" if pulses.silent(names=(name,), at=clock.database_now()) else ""


def _clocks() -> dict[str, timedelta]:
    """How far this process, beat and a worker are ahead of the database's clock."""
    at, ahead = clock.read()
    return {"web": ahead, **pulses.clocks(at=at)}


def _clock() -> str:
    wrong = {name: ahead for name, ahead in _clocks().items() if clock.is_too_far(ahead)}
    return ", ".join(f"{name} {clock.told(ahead)}" for name, ahead in wrong.items())


CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "migrations": _migrations,
    "cache": _cache,
    "broker": _broker,
    "beat": _heard("beat"),
    "worker": _heard("worker"),
    "clock": _clock,
}
