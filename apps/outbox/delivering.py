"""Carries letters to their listeners: each in its own transaction, or many to one who hears them together."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from apps.base import faults, planned, statements
from apps.outbox import listening
from apps.outbox.listening import HeardTogether, TryLater, heard_together, wants_no_transaction
from apps.outbox.models import Delivery
from apps.outbox.states import DeliveryStatus
from mall.events import from_payload

log = structlog.get_logger(__name__)

# 15 tries over about 20 hours: 5 s, 10 s, 20 s … at most 2 h apart.
MAX_ATTEMPTS = 15
_FIRST_WAIT = timedelta(seconds=5)
_LONGEST_WAIT = timedelta(hours=2)
# While a listener works outside a transaction nobody else takes its delivery; a dead worker's comes back after it.
_LEASE = timedelta(minutes=5)
_GONE = "接收方不存在：代码已改名、回退或尚未更新"

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
# So many letters are told at once, out of so many that are due next.
_TOLD_AT_ONCE: Final = 100
_NEXT_DUE: Final = 1000
_DONE: Final = """
    UPDATE outbox_delivery SET status = 'DONE', done_at = %(at)s, last_error = '', attempts = %(attempts)s
     WHERE id = %(id)s
"""


def moved() -> Mapping[str, str]:
    """Return the board's table of listeners that moved: the old dotted path, under which mail may wait, to the new."""
    table: Mapping[str, str] = import_string(settings.OUTBOX_MOVED)
    return table


def deliver_next(*, at: datetime) -> int:
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


def _run(delivery: Delivery, listener: Callable[..., Any], *, at: datetime) -> None:
    """Call the listener and write down how it went; never raises for a listener's failure."""
    announcement = delivery.announcement
    try:
        event = from_payload(announcement.kind, announcement.payload)
        with listening.hearing_of(announcement.announced_at):
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
