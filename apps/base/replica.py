"""Reads from a streaming replica, by whoever would see there everything that they wrote themselves.

``REPLICA_URL`` names it; without one nothing here does anything. Only what asks for it is read there (``read``: lists that
cost and decide nothing), and only while the replica has replayed the log beyond the last word of the reader. That word is a
position in PostgreSQL's log, taken from the primary after the commit and before the answer, and kept there: a reader of whom
nothing is kept reads from the primary, and is kept from then on. So it is exact, whatever Redis, a failover or a lagging
replica does: docs/adr/0036-reads-from-a-replica.md.

Readers share 4,096 places, so that the table stays small and names nobody. Sharing makes a reader wait for the replica
sometimes without need, never see too little.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from contextvars import ContextVar
from typing import Any, Final, TypeVar

import structlog
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections, transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse

log = structlog.get_logger(__name__)
T = TypeVar("T")
_RIGHTS: Final = "auth"

ALIAS: Final = "replica"
PLACES: Final = 4096
# Operators' pages that list and count; everything that they do is a POST, and a page of one row is read where it is written.
_LISTS: Final = ("admin:index", "_changelist")
# A replica that does not answer is left alone for so long.
_REST_SECONDS: Final = 5.0

# How old what is read there may be: as long as beat may be silent (base.pulses).
_OLDEST_SECONDS: Final = 60
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
# Taken after the commit, it lies behind everything that was committed before. ``insert``, as a commit that did not wait for
# the disk is not yet in the others.
_NOTE = """
    INSERT INTO base_lastword (place, position) VALUES (%s, pg_current_wal_insert_lsn())
        ON CONFLICT (place) DO UPDATE SET position = greatest(base_lastword.position, excluded.position)
"""
_KNOWN = "SELECT position::text FROM base_lastword WHERE place = %s"
# A server that was promoted is no replica any more; one that hears nothing of beat has fallen behind or been left.
_FRESH = """
    SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= %s::pg_lsn
       AND EXISTS (SELECT FROM base_pulse WHERE name = 'beat' AND heard_at > now() - make_interval(secs => %s))
"""

_reading: ContextVar[bool] = ContextVar("reads_from_replica", default=False)
_left_until = 0.0


class Router:
    """Django's question which database a query goes to: the primary, but for what ``read`` does."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        """The replica inside of ``read``, and even there not for what is read in a transaction of the primary.

        Nor for rights: who lost one a moment ago has lost it, and their own last word says nothing of that.
        """
        away = _reading.get() and not connections[DEFAULT_DB_ALIAS].in_atomic_block
        return ALIAS if away and model._meta.app_label != _RIGHTS else DEFAULT_DB_ALIAS

    def db_for_write(self, model: type[Model], **hints: Any) -> str:
        """The primary; what is read after it in the same ``read`` comes from there too."""
        _reading.set(False)
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: Model, other: Model, **hints: Any) -> bool:
        """Rows of both are rows of one database."""
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """The replica has its tables from the log."""
        return db == DEFAULT_DB_ALIAS


def exists() -> bool:
    """Whether this shop has a replica."""
    return ALIAS in settings.DATABASES


def reader_of(who: Model) -> str:
    """The name under which the last word of a member or an operator is kept."""
    return _reader(who, who.pk)


def _reader(kind: Model | type[Model], pk: Any) -> str:
    # Asked of the row where there is one: a request's operator is a lazy object until then.
    return f"{kind._meta.label}:{pk}"


def wrote(reader: str) -> None:
    """Keep that the reader has written until now. Call it after the commit and before the answer."""
    if exists():
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(_NOTE, [_place(reader)])


def wrote_for(kind: type[Model], pk: Any) -> None:
    """Likewise once this transaction is committed, for somebody whom it concerns and who did not ask for it: a member whose
    payment WeChat tells of, whose parcel an operator sends."""
    if exists():
        transaction.on_commit(lambda: wrote(_reader(kind, pk)))


def read(call: Callable[[], T], *, reader: str) -> T:
    """What ``call`` returns, its models read from the replica if that has everything that the reader wrote.

    ``call`` only reads, and returns what is read already, no lazy query. It may be called twice: where the replica fails in
    the middle, or cancels what is in the way of its log, the primary answers.
    """
    if not exists() or time.monotonic() < _left_until or connections[DEFAULT_DB_ALIAS].in_atomic_block:
        return call()
    position = _last_word(reader)
    if position is None:
        return call()
    try:
        with ExitStack() as stack:
            # In one transaction: a pooler before several replicas must not change between them after the question.
            stack.enter_context(transaction.atomic(using=ALIAS))
            if _has(position):
                token = _reading.set(True)
                stack.callback(_reading.reset, token)
                return call()
    except (OperationalError, InterfaceError) as error:
        _leave(error)
    return call()


def from_primary(call: Callable[[], T]) -> T:
    """What ``call`` returns, read from the primary: for what is kept under a token that was read there."""
    token = _reading.set(False)
    try:
        return call()
    finally:
        _reading.reset(token)


def _last_word(reader: str) -> str | None:
    """The position of the reader's last word; None where none is kept, from when on this moment is."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(_KNOWN, [_place(reader)])
        row = cursor.fetchone()
        if row is None:
            cursor.execute(_NOTE, [_place(reader)])
            return None
        return str(row[0])


def _has(position: str) -> bool:
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(_FRESH, [position, _OLDEST_SECONDS])
        return bool(cursor.fetchone()[0])


def _leave(error: Exception) -> None:
    global _left_until  # -- one assignment, which threads may do side by side
    _left_until = time.monotonic() + _REST_SECONDS
    connections[ALIAS].close()
    log.warning("replica_away", error=type(error).__name__)


def _place(reader: str) -> int:
    return zlib.crc32(reader.encode()) % PLACES


class ReplicaMiddleware:
    """Keeps the last word of whoever changed something, and reads operators' lists from the replica.

    The innermost of all, so that a page is whole, template and all, when it leaves. Installed only where there is a replica.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            return self.get_response(request)
        finally:
            # Even where it was refused in the end: something may have been committed before.
            if request.method not in _SAFE and isinstance(who := getattr(request, "user", None), Model):
                wrote(reader_of(who))

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """The answer of a list, read from the replica; None for everything else."""
        match = request.resolver_match
        name = match.view_name if match else ""
        if request.method != "GET" or not name.startswith("admin:") or not name.endswith(_LISTS):
            return None
        who = request.user
        if not isinstance(who, Model) or who.pk is None:
            return None
        return read(lambda: _whole(view(request, *args, **kwargs)), reader=reader_of(who))


def _whole(response: HttpResponse) -> HttpResponse:
    """The response with its template filled in."""
    render = getattr(response, "render", None)
    return render() if callable(render) else response
