"""Announces events and delivers them: at least once to each listener, each in its own transaction, retried alone."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

import orjson
import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from apps.base import faults, nudges, planned, statements, transactions
from apps.outbox.listening import HeardTogether, TryLater, heard_together, wants_no_transaction
from apps.outbox.models import Delivery
from apps.outbox.states import DeliveryStatus
from mall.errors import Kind, ShopError
from mall.events import Event, from_payload, kinds

log = structlog.get_logger(__name__)

# The job that delivers, by its name on board 3.
DELIVER: Final = "outbox.deliver"
# 15 tries over about 20 hours: 5 s, 10 s, 20 s … at most 2 h apart.
MAX_ATTEMPTS = 15
_FIRST_WAIT = timedelta(seconds=5)
_LONGEST_WAIT = timedelta(hours=2)
# While a listener works outside a transaction nobody else takes its delivery; a dead worker's comes back after it.
_LEASE = timedelta(minutes=5)
_KEEP_DONE = timedelta(days=30)
_GONE = "接收方不存在：代码已改名、回退或尚未更新"


_announced_at: ContextVar[datetime | None] = ContextVar("outbox_announced_at", default=None)
_ANNOUNCE: Final = """
    INSERT INTO outbox_announcement (kind, payload, announced_at)
    SELECT told.kind, told.payload::jsonb, %s
      FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS told (kind, payload, place) ORDER BY told.place
"""
# One announcement as a part of a statement made elsewhere, which may go on with FROM, with the values of ``announcing``,
# of these types.
ANNOUNCED: Final = """
    INSERT INTO outbox_announcement (kind, payload, announced_at)
    SELECT %(news_kind)s, %(news)s::jsonb, %(news_at)s
"""
ANNOUNCING: Final = {"news_kind": "text", "news": "text", "news_at": "timestamptz"}
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
# Further letters to the same listener, among the next ones that are due: who is far behind keeps nobody waiting.
_MORE: Final = """
    SELECT delivery.id, announcement.kind, announcement.payload::text
      FROM outbox_delivery AS delivery JOIN outbox_announcement AS announcement ON announcement.id = delivery.announcement_id
     WHERE delivery.id = ANY(ARRAY(SELECT next.id FROM outbox_delivery AS next
                                    WHERE next.status = 'WAITING' AND next.due_at <= %(at)s
                                    ORDER BY next.due_at, next.id LIMIT %(window)s))
       AND delivery.listener = %(listener)s AND delivery.status = 'WAITING' AND delivery.due_at <= %(at)s
       AND delivery.id <> %(first)s
     ORDER BY delivery.due_at, delivery.id LIMIT %(most)s
       FOR UPDATE OF delivery SKIP LOCKED
"""
# This one, if it is still due and nobody else has it at hand.
_THIS: Final = statements.Select(
    lambda pk, at: (
        Delivery.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("announcement")
        .filter(pk=pk, status=DeliveryStatus.WAITING, due_at__lte=at)
        .order_by()
    ),
    pk=int,
    at=datetime,
)
_DONE_TOGETHER: Final = """
    UPDATE outbox_delivery SET status = 'DONE', done_at = %(at)s, last_error = '', attempts = attempts + 1
     WHERE id = ANY(%(ids)s::bigint[])
"""
# So many announcements are sorted in a round, and so many letters told at once, out of so many that are due next.
_SORTED_AT_ONCE: Final = 200
_TOLD_AT_ONCE: Final = 100
_NEXT_DUE: Final = 1000
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
    publish_many([event], at=at)


def publish_many(events: Sequence[Event], *, at: datetime) -> None:
    """Announce all of these likewise, in this order: one statement, none for no events."""
    transactions.require()
    if not events:
        return
    told = [event.name for event in events], [_json(event) for event in events]
    planned.rows(_ANNOUNCE, [at, *told])
    nudges.after_commit(DELIVER)


def announcing(event: Event, *, at: datetime) -> dict[str, Any]:
    """The values of ``ANNOUNCED`` for a statement that is about to be sent, in a transaction; the nudge is given here."""
    transactions.require()
    nudges.after_commit(DELIVER)
    return {"news_kind": event.name, "news": _json(event), "news_at": at}


def _json(event: Event) -> str:
    return orjson.dumps(event.payload()).decode()


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


def sort_mail(*, at: datetime, limit: int = _SORTED_AT_ONCE) -> int:
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

    ``limit`` is of steps: one delivery each, or many to a listener that hears them at once. Where that was reached, or
    not all of the mail was sorted, there may be more: another round is asked for. Safe to run side by side: each delivery
    is taken with SKIP LOCKED.
    """
    nudges.heard(DELIVER)
    more, tried = sort_mail(at=at) >= _SORTED_AT_ONCE, 0
    for _ in range(limit):
        told = _deliver_next(at=at)
        if not told:
            break
        tried += told
    else:
        more = True
    if more:
        nudges.after_commit(DELIVER)
    return tried


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


def _deliver_next(*, at: datetime) -> int:
    """Try what is due next: one delivery, or many to the same listener. Return how many, 0 when there is none."""
    with transaction.atomic():
        delivery = _NEXT.first(at=at)
        if delivery is None:
            return 0
        listener = _listener_of(delivery)
        many = heard_together(listener) if listener is not None else None
        letters = _with_more(delivery, at=at) if many is not None else []
        if many is None or len(letters) == 1:
            leased = _deliver(delivery, listener, at=at)
            letters, alone = [], []
        else:
            leased, alone = False, _tell_together(many, letters, listener=delivery.listener, at=at)
    if leased and listener is not None:
        _run(delivery, listener, at=at)
    for pk in alone:
        _deliver_this(pk, at=at)
    return max(len(letters), 1)


def _deliver_this(pk: int, *, at: datetime) -> None:
    """Try this delivery, unless somebody else was quicker."""
    with transaction.atomic():
        delivery = _THIS.first(pk=pk, at=at)
        if delivery is not None:
            _deliver(delivery, _listener_of(delivery), at=at)


def _deliver(delivery: Delivery, listener: Callable[..., Any] | None, *, at: datetime) -> bool:
    """Try a locked delivery; say whether its listener is still to be called, once this transaction is over."""
    delivery.attempts += 1
    if listener is None:
        _put_off(delivery, why=_GONE, after=None, at=at)
        return False
    if not wants_no_transaction(listener):
        _run(delivery, listener, at=at)
        return False
    # Taken: the lease keeps others away while we talk to the world with no transaction open.
    delivery.due_at = at + _LEASE
    delivery.save(update_fields=["attempts", "due_at"])
    return True


def _with_more(delivery: Delivery, *, at: datetime) -> list[tuple[int, str, Any]]:
    """A locked delivery and others to the same listener, locked likewise: key, kind of news and payload of each."""
    told = {"at": at, "listener": delivery.listener, "first": delivery.pk}
    more = planned.rows(_MORE, {**told, "window": _NEXT_DUE, "most": _TOLD_AT_ONCE - 1})
    first = (delivery.pk, delivery.announcement.kind, delivery.announcement.payload)
    return [first, *((pk, kind, json.loads(payload)) for pk, kind, payload in more)]


def _tell_together(
    many: HeardTogether, letters: Sequence[tuple[int, str, Any]], *, listener: str, at: datetime
) -> list[int]:
    """Tell a listener all of these at once and write down that they were heard; return the keys of those to be told alone.

    Where one fails nothing of it has happened, and each is told alone: what fails then is put off by itself.
    """
    try:
        events = {pk: from_payload(kind, payload) for pk, kind, payload in letters}
        with transaction.atomic():
            left = set(many(list(events.values()), at=at))
    except Exception:
        log.exception("told_together_failed", listener=listener, count=len(letters))
        return [pk for pk, _, _ in letters]
    done = [pk for pk, event in events.items() if event not in left]
    if done:
        planned.rows(_DONE_TOGETHER, {"ids": done, "at": at})
    return [pk for pk, event in events.items() if event in left]


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
