"""Announces events, sorts them into deliveries, has these carried out (``delivering``), and forgets them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

import orjson
from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from apps.base import nudges, planned, transactions
from apps.outbox import delivering
from apps.outbox.models import Delivery
from apps.outbox.states import DeliveryStatus
from mall.errors import Kind, ShopError
from mall.events import Event, kinds

# The job that delivers, by its name on board 3.
DELIVER: Final = "outbox.deliver"
_KEEP_DONE = timedelta(days=30)
# So many announcements are sorted in a round.
_SORTED_AT_ONCE: Final = 200
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
    UPDATE outbox_announcement SET sorted_at = %(at)s WHERE id = ANY(ARRAY(SELECT id FROM unsorted))
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
    more, tried, place = sort_mail(at=at) >= _SORTED_AT_ONCE, 0, delivering.START
    for _ in range(limit):
        told, place = delivering.deliver_next(at=at, after=place)
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
