"""Announces events and delivers them: at least once to each listener, each in its own transaction, retried alone."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from apps.base import faults, planned, statements, transactions
from apps.base.cache import breaker_of
from apps.outbox.listening import TryLater, wants_no_transaction
from apps.outbox.models import Delivery
from apps.outbox.states import DeliveryStatus
from mall.errors import Kind, ShopError
from mall.events import Event, from_payload, kinds

log = structlog.get_logger(__name__)

# 15 tries over about 20 hours: 5 s, 10 s, 20 s … at most 2 h apart.
MAX_ATTEMPTS = 15
_FIRST_WAIT = timedelta(seconds=5)
_LONGEST_WAIT = timedelta(hours=2)
# While a listener works outside a transaction nobody else takes its delivery; a dead worker's comes back after it.
_LEASE = timedelta(minutes=5)
_KEEP_DONE = timedelta(days=30)
# Where Redis lost the nudge, or every worker is busy, another one is sent after so long.
_NUDGED = "outbox.nudged"
_NUDGE_SECONDS = 5
_GONE = "接收方不存在：代码已改名、回退或尚未更新"


_announced_at: ContextVar[datetime | None] = ContextVar("outbox_announced_at", default=None)
_ANNOUNCE = "INSERT INTO outbox_announcement (kind, payload, announced_at) VALUES (%s, %s::jsonb, %s)"
# Each announcement is given to who hears its kind, and is sorted then, though nobody may hear it. Whoever would hear it
# for no row's sake (``spared``) is asked for in the same statement, that is of the same moment: of what was announced after
# such a row was there, no delivery is spared.
_SORT: Final = """
    WITH unsorted AS MATERIALIZED (
        SELECT id, kind FROM outbox_announcement
         WHERE sorted_at IS NULL AND kind = ANY(%(kinds)s::text[])
         ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ), spared (kind, listener) AS (
        {spared}
    ), addressed AS (
        INSERT INTO outbox_delivery (announcement_id, listener, status, attempts, due_at, last_error)
        SELECT unsorted.id, board.listener, 'WAITING', 0, %(at)s, ''
          FROM unsorted
          JOIN unnest(%(heard)s::text[], %(listeners)s::text[]) WITH ORDINALITY AS board (kind, listener, place)
               ON board.kind = unsorted.kind
         WHERE (board.kind, board.listener) NOT IN (SELECT spared.kind, spared.listener FROM spared)
         ORDER BY unsorted.id, board.place
        ON CONFLICT DO NOTHING
    )
    UPDATE outbox_announcement SET sorted_at = %(at)s WHERE id IN (SELECT id FROM unsorted)
"""
_NEXT: Final = statements.Select(
    lambda at: (
        Delivery.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("announcement")
        .filter(status=DeliveryStatus.WAITING, due_at__lte=at)
        .order_by("due_at", "id")[:1]
    ),
    at=datetime,
)
_DONE: Final = """
    UPDATE outbox_delivery SET status = 'DONE', done_at = %(at)s, last_error = '', attempts = %(attempts)s
     WHERE id = %(id)s
"""
# Both tables in one statement, and nothing is read of them: 0.24 ms for news with three deliveries (docs/adr/0054).
_FORGET: Final = """
    WITH old AS MATERIALIZED (
        SELECT id FROM outbox_announcement AS news
         WHERE announced_at < %(before)s AND sorted_at IS NOT NULL
           AND NOT EXISTS (
               SELECT FROM outbox_delivery WHERE announcement_id = news.id AND status IN ('WAITING', 'DEAD')
           )
         ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ), letters AS (
        DELETE FROM outbox_delivery USING old WHERE announcement_id = old.id
    )
    DELETE FROM outbox_announcement WHERE id IN (SELECT id FROM old)
"""


class NotDead(ShopError):
    """Only a delivery that has given up can be delivered again by hand."""

    code = "delivery_not_dead"
    message = "只有已停止重试的投递才能重新投递"
    kind = Kind.CONFLICT


def publish(event: Event, *, at: datetime) -> None:
    """Announce ``event`` in the current transaction, and nudge a worker once it is committed.

    Raises NoTransaction outside of one: news of something that may yet be rolled back is a lie.
    """
    transactions.require()
    planned.rows(_ANNOUNCE, [event.name, json.dumps(event.payload()), at])
    transaction.on_commit(_nudge, robust=True)


def _nudge() -> None:
    """Ask a worker to deliver now, unless one is asked already. May fail: the sweep finds the row all the same.

    Who was asked and has not begun yet will see what is committed now (``heard``), so that a rush of orders is a few
    rounds of the worker and not one for each.
    """
    from apps.outbox import tasks  # -- circular import: the task calls this module

    breaker = breaker_of(settings.CELERY_BROKER_URL)
    # The broker's client takes two seconds to give up on a mute server. The cache's, on the same server, takes
    # half a second, and opens the breaker.
    if not cache.add(_NUDGED, 1, timeout=_NUDGE_SECONDS) or breaker.is_open:
        return
    try:
        tasks.deliver.apply_async(expires=30)
    except Exception as error:
        breaker.open()
        log.warning("nudge_lost", error=type(error).__name__)


def heard() -> None:
    """Say that a worker begins: what is announced from now on is worth another nudge."""
    cache.delete(_NUDGED)


def subscriptions() -> Mapping[type[Event], Sequence[str]]:
    """Return board 2: which listeners (dotted paths) hear which news."""
    board: Mapping[type[Event], Sequence[str]] = import_string(settings.OUTBOX_SUBSCRIPTIONS)
    return board


def _is_on(listener: str) -> bool:
    """Whether a listener hears news: all do, but those whose switch of the settings is off."""
    switches: Mapping[str, str] = import_string(settings.OUTBOX_ONLY_WITH)
    return listener not in switches or bool(getattr(settings, switches[listener]))


def _conditional(board: Sequence[tuple[str, str]]) -> tuple[tuple[str, str, str], ...]:
    """Which of these (kind, listener) pairs hear news only while there is a row, with the path of what answers the rows."""
    conditions: Mapping[str, str] = import_string(settings.OUTBOX_ONLY_WHILE)
    return tuple((kind, name, conditions[name]) for kind, name in board if name in conditions)


@lru_cache(maxsize=8)
def _sorting(conditional: tuple[tuple[str, str, str], ...]) -> tuple[str, Mapping[str, Any]]:
    """The statement that sorts the mail, and the values of its conditions, written once a process."""
    parts = ["SELECT ''::text, ''::text WHERE false"]
    values: dict[str, Any] = {}
    for place, (kind, listener, path) in enumerate(conditional):
        rows: QuerySet[Any] = import_string(path)(kind)
        statement, given = rows.values("pk").query.sql_with_params()
        names = [f"of_{place}_{number}" for number in range(len(given))]
        values |= dict(zip(names, given, strict=True))
        values |= {f"kind_{place}": kind, f"listener_{place}": listener}
        there = statement % tuple(f"%({name})s" for name in names)
        parts.append(f"SELECT %(kind_{place})s::text, %(listener_{place})s::text WHERE NOT EXISTS ({there})")
    return _SORT.format(spared=" UNION ALL ".join(parts)), values


def moved() -> Mapping[str, str]:
    """Return the board's table of listeners that moved: the old dotted path, under which mail may wait, to the new."""
    table: Mapping[str, str] = import_string(settings.OUTBOX_MOVED)
    return table


def sort_mail(*, at: datetime, limit: int = 200) -> int:
    """Give every unsorted announcement one delivery per listener; return how many were sorted.

    News of a kind that this process does not know is left alone: an old worker beside a new one must not say that
    nobody wants to hear it.
    """
    board = [
        (kind.name, listener)
        for kind, listeners in subscriptions().items()
        for listener in listeners
        if _is_on(listener)
    ]
    told: dict[str, Any] = {
        "kinds": list(kinds()),
        "heard": [kind for kind, _ in board],
        "listeners": [listener for _, listener in board],
        "limit": limit,
        "at": at,
    }
    statement, values = _sorting(_conditional(board))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, {**values, **told})
        return cursor.rowcount


def deliver_due(*, at: datetime, limit: int = 100) -> int:
    """Sort the mail, then deliver what is due, oldest first; return how many deliveries were tried.

    Where that was ``limit`` there may be more: another round is asked for. Safe to run side by side: each delivery is
    taken with SKIP LOCKED.
    """
    heard()
    sort_mail(at=at)
    for tried in range(limit):
        if not _deliver_next(at=at):
            return tried
    _nudge()
    return limit


def redeliver(*, delivery_id: int, at: datetime) -> None:
    """Put a dead delivery back into the queue, due now. Raises NotDead."""
    revived = Delivery.objects.filter(pk=delivery_id, status=DeliveryStatus.DEAD).update(
        status=DeliveryStatus.WAITING, attempts=0, due_at=at
    )
    if not revived:
        raise NotDead


def prune(*, at: datetime, limit: int = 5_000, batches: int = 40) -> int:
    """Delete announcements older than 30 days whose deliveries are all done; return how many.

    ``limit`` at once, each in a transaction of its own, until none is left or so many ``batches`` are done: 200,000 an hour,
    what ten orders a second announce. Safe to run side by side.
    """
    gone = 0
    for _ in range(batches):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_FORGET, {"before": at - _KEEP_DONE, "limit": limit})
            forgotten = cursor.rowcount
        gone += forgotten
        if forgotten < limit:
            break
    return gone


def _deliver_next(*, at: datetime) -> bool:
    """Try one due delivery. Return False when there is none."""
    with transaction.atomic():
        delivery = _NEXT.first(at=at)
        if delivery is None:
            return False
        delivery.attempts += 1
        listener = _listener_of(delivery)
        if listener is None:
            _put_off(delivery, why=_GONE, after=None, at=at)
            return True
        if not wants_no_transaction(listener):
            _run(delivery, listener, at=at)
            return True
        # Taken: the lease keeps others away while we talk to the world with no transaction open.
        delivery.due_at = at + _LEASE
        delivery.save(update_fields=["attempts", "due_at"])
    _run(delivery, listener, at=at)
    return True


def _listener_of(delivery: Delivery) -> Callable[..., Any] | None:
    """Return who hears the delivery, where it lives now; None if this process cannot find it.

    A path may be gone for good (a handler renamed and not in the table of those that moved), or be known only to
    newer code than this process runs (a rollback, an old worker beside a new one). Both are this letter's trouble.
    """
    path = moved().get(delivery.listener, delivery.listener)
    try:
        listener: Callable[..., Any] = import_string(path)
    except Exception as error:  # -- a module that cannot be read raises anything
        log.error("listener_gone", listener=path, error=faults.wording(error)[:200])
        return None
    return listener


def announced_at() -> datetime | None:
    """When the news that is being delivered was announced, that is when it happened; None for whoever hears none.

    Mail may be late: whoever asks what came after the news counts from this moment, not from the delivery.
    """
    return _announced_at.get()


def _run(delivery: Delivery, listener: Callable[..., Any], *, at: datetime) -> None:
    """Call the listener and write down how it went; never raises for a listener's failure."""
    announcement = delivery.announcement
    heard = _announced_at.set(announcement.announced_at)
    try:
        event = from_payload(announcement.kind, announcement.payload)
        if wants_no_transaction(listener):
            listener(event, at=at)
        else:
            with transaction.atomic():
                listener(event, at=at)
    except TryLater as later:
        _put_off(delivery, why=later.why, after=later.after, at=at)
    except Exception as error:
        log.exception("delivery_failed", listener=delivery.listener, news=announcement.kind)
        _put_off(delivery, why=faults.wording(error), after=None, at=at)
    else:
        delivery.status = DeliveryStatus.DONE
        planned.rows(_DONE, {"id": delivery.pk, "attempts": delivery.attempts, "at": at})
    finally:
        _announced_at.reset(heard)


def _put_off(delivery: Delivery, *, why: str, after: timedelta | None, at: datetime) -> None:
    delivery.last_error = why[:500]
    if delivery.attempts >= MAX_ATTEMPTS:
        delivery.status = DeliveryStatus.DEAD
    delivery.due_at = at + (after or _wait(delivery.attempts))
    delivery.save(update_fields=["status", "due_at", "last_error", "attempts"])


def _wait(attempts: int) -> timedelta:
    """Return how long to wait after that many attempts: doubling, with jitter so that a herd scatters."""
    wait: timedelta = min(_FIRST_WAIT * 2 ** (attempts - 1), _LONGEST_WAIT)
    return wait * random.uniform(0.8, 1.2)  # noqa: S311 -- jitter, not a secret
