"""Carries letters to their listeners: each in its own transaction, or many to one who hears them together.

A listener works in the transaction that takes its letter, and the letter is ended by what is sent with COMMIT. Where it
fails that transaction is rolled back as a whole, and a statement of its own puts the letter off, if it is still as it was.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import orjson
import structlog
from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from apps.base import faults, planned
from apps.base.planned import Planned
from apps.outbox import listening
from apps.outbox.listening import HeardTogether, TryLater, heard_together, wants_no_transaction
from apps.outbox.states import DeliveryStatus
from mall.events import Event, from_payload
from mall.text import storable

log = structlog.get_logger(__name__)

# 15 tries over about 20 hours: 5 s, 10 s, 20 s … at most 2 h apart.
MAX_ATTEMPTS = 15
_FIRST_WAIT = timedelta(seconds=5)
_LONGEST_WAIT = timedelta(hours=2)
# No listener may ask for more: what comes later than this comes from a sweep of its own.
_LATEST = timedelta(days=366)
# While a listener works outside a transaction nobody else takes its delivery; a dead worker's comes back after it.
_LEASE = timedelta(minutes=5)
_GONE = "接收方不存在：代码已改名、回退或尚未更新"
# So many letters are told at once, out of so many that are due next.
_TOLD_AT_ONCE: Final = 100
_NEXT_DUE: Final = 1000

# Where a letter stands in the queue, by its time and key, and what stands before all of them.
Place = tuple[datetime, int]
START: Final[Place] = (datetime(1, 1, 1, tzinfo=UTC), 0)

# The columns of a ``_Letter``.
_LETTER: Final = """
    SELECT delivery.id, delivery.listener, delivery.attempts, delivery.due_at, news.kind, news.payload::text,
           news.announced_at
      FROM outbox_delivery AS delivery JOIN outbox_announcement AS news ON news.id = delivery.announcement_id
"""
# Letters that were ended stand in the index until it is cleaned: a round that began at the front each time would pass by
# all of them for each letter.
_NEXT: Final = Planned(
    f"""{_LETTER}
     WHERE delivery.status = 'WAITING' AND delivery.due_at <= $1 AND (delivery.due_at, delivery.id) > ($2, $3)
     ORDER BY delivery.due_at, delivery.id LIMIT 1
       FOR UPDATE OF delivery SKIP LOCKED
    """,
    *("timestamptz", "timestamptz", "bigint"),
)
# This one, if it is still due and nobody else has it at hand.
_THIS: Final = Planned(
    f"""{_LETTER}
     WHERE delivery.status = 'WAITING' AND delivery.due_at <= $1 AND delivery.id = $2
       FOR UPDATE OF delivery SKIP LOCKED
    """,
    "timestamptz",
    "bigint",
)
# Further letters to the same listener, among the next ones that are due: who is far behind keeps nobody waiting.
_MORE: Final = Planned(
    f"""{_LETTER}
     WHERE delivery.id = ANY(ARRAY(SELECT next.id
                                     FROM (SELECT id, listener FROM outbox_delivery
                                            WHERE status = 'WAITING' AND due_at <= $1
                                            ORDER BY due_at, id LIMIT $2) AS next
                                    WHERE next.listener = $3 AND next.id <> $4))
       AND delivery.status = 'WAITING' AND delivery.due_at <= $1
     ORDER BY delivery.due_at, delivery.id LIMIT $5
       FOR UPDATE OF delivery SKIP LOCKED
    """,  # noqa: S608 -- our own text
    *("timestamptz", "bigint", "text", "bigint", "bigint"),
)
_DONE: Final = Planned(
    "UPDATE outbox_delivery SET status = 'DONE', done_at = $1, last_error = '', attempts = $2 WHERE id = $3",
    *("timestamptz", "smallint", "bigint"),
)
# The limit says nothing but that few are meant: PostgreSQL expects ten of a list that it does not know, and where nobody has
# counted the table yet it would rather read forty pages from end to end than look up ten. The plan is kept, the table grows.
_DONE_TOGETHER: Final = Planned(
    """
    UPDATE outbox_delivery AS delivery SET status = 'DONE', done_at = $1, last_error = '', attempts = attempts + 1
      FROM (SELECT unnest($2) AS id LIMIT $3) AS told WHERE delivery.id = told.id
    """,
    *("timestamptz", "bigint[]", "bigint"),
)
_LEASED: Final = Planned(
    "UPDATE outbox_delivery SET attempts = $1, due_at = $2 WHERE id = $3",
    *("smallint", "timestamptz", "bigint"),
)
# Nobody holds the letter any more: whoever has taken it in between and heard it, or has put it off, has the last word.
_PUT_OFF: Final = Planned(
    """
    UPDATE outbox_delivery SET status = $1, due_at = $2, last_error = $3, attempts = $4
     WHERE id = $5 AND status = 'WAITING' AND attempts = $6
    """,
    *("text", "timestamptz", "text", "smallint", "bigint", "smallint"),
)


class _Letter(NamedTuple):
    """A delivery that was taken, with what it tells and how often it was tried before."""

    pk: int
    listener: str
    tries: int
    due_at: datetime
    kind: str
    payload: str
    announced_at: datetime

    def event(self) -> Event:
        """What it tells. Raises UnknownEvent, and TypeError where the event has other columns by now."""
        return from_payload(self.kind, orjson.loads(self.payload))


class _Told(NamedTuple):
    """How many letters were taken, where the first of them stood, and the keys of those that are still to be told, alone."""

    number: int
    place: Place = START
    alone: Sequence[int] = ()

    @classmethod
    def of(cls, letters: Sequence[_Letter], alone: Sequence[int] = ()) -> _Told:
        """Of these letters."""
        return cls(len(letters), (letters[0].due_at, letters[0].pk), alone)


def moved() -> Mapping[str, str]:
    """Return the board's table of listeners that moved: the old dotted path, under which mail may wait, to the new."""
    table: Mapping[str, str] = import_string(settings.OUTBOX_MOVED)
    return table


def deliver_next(*, at: datetime, after: Place = START) -> tuple[int, Place]:
    """Try what is due next: one delivery, or many to the same listener. Return how many, and where it stood in the queue.

    It is looked for behind a place ``after``, and from the start only where nothing is left there; 0 when there is none at
    all. Never raises for a listener's failure: that is written down, and the delivery comes again.
    """
    told = _try(_NEXT, *after, at=at, together=True)
    if not told.number and after != START:
        told = _try(_NEXT, *START, at=at, together=True)
    for pk in told.alone:
        _try(_THIS, pk, at=at)
    return told.number, told.place


def _try(taking: Planned, *which: Any, at: datetime, together: bool = False) -> _Told:
    """Take a letter, and others to its listener where that hears them ``together``, and tell them in one transaction.

    A failure is that of the one letter that was taken, whoever raised it: its listener, a callback behind the commit, or
    COMMIT itself, by a deferred constraint; of several all are to be told alone.
    """
    letters: list[_Letter] = []
    leased: Callable[..., Any] | None = None
    try:
        with transaction.atomic():
            letters += map(_Letter._make, taking.rows(at, *which))
            if not letters:
                return _Told(0)
            letter, listener = letters[0], _listener_of(letters[0])
            many = heard_together(listener) if together else None
            if many is not None:
                letters += _more(letter, at=at)
                if len(letters) > 1:
                    return _Told.of(letters, _tell_together(many, letters, at=at))
            if wants_no_transaction(listener):
                # The lease keeps others away while we talk to the world with no transaction open.
                _LEASED.last(letter.tries + 1, at + _LEASE, letter.pk)
                leased = listener
            else:
                _tell(letter, listener, at=at)
                _DONE.last(at, letter.tries + 1, letter.pk)
    except Exception as failure:
        if not letters:
            raise
        return _Told.of(letters, _failed(letters, failure, at=at))
    if leased is not None:
        _tell_the_world(letters[0], leased, at=at)
    return _Told.of(letters)


def _more(letter: _Letter, *, at: datetime) -> list[_Letter]:
    """Others to the listener of a letter that was taken, taken likewise."""
    rows = _MORE.rows(at, _NEXT_DUE, letter.listener, letter.pk, _TOLD_AT_ONCE - 1)
    return [_Letter._make(row) for row in rows]


def _tell(letter: _Letter, listener: Callable[..., Any], *, at: datetime) -> None:
    """Call the listener. Raises whatever it raises."""
    with listening.hearing_of(letter.announced_at):
        listener(letter.event(), at=at)


def _tell_together(many: HeardTogether, letters: Sequence[_Letter], *, at: datetime) -> Sequence[int]:
    """Tell a listener all of these at once and write down that they were heard; return the keys of those it left alone."""
    events = {letter.pk: letter.event() for letter in letters}
    left = set(many(list(events.values()), at=at))
    done = [pk for pk, event in events.items() if event not in left]
    if done:
        _DONE_TOGETHER.last(at, planned.array(done), len(done))
    return [pk for pk, event in events.items() if event in left]


def _tell_the_world(letter: _Letter, listener: Callable[..., Any], *, at: datetime) -> None:
    """Call a listener that works outside a transaction, under a lease that counts as a try, and write down how it went."""
    leased = letter._replace(tries=letter.tries + 1)
    try:
        _tell(letter, listener, at=at)
    except Exception as failure:
        _put_off(leased, failure, tries=leased.tries, at=at)
    else:
        _DONE.rows(at, leased.tries, letter.pk)


def _listener_of(letter: _Letter) -> Callable[..., Any]:
    """Return who hears the letter, where it lives now. Raises TryLater if this process cannot find it.

    A path may be gone for good (a handler renamed and not in the table of those that moved), or be known only to
    newer code than this process runs (a rollback, an old worker beside a new one). Both are this letter's trouble.
    """
    path = moved().get(letter.listener, letter.listener)
    try:
        listener: Callable[..., Any] = import_string(path)
    except Exception as error:  # -- a module that cannot be read raises anything
        log.error("listener_gone", listener=path, error=faults.wording(error)[:200])
        raise TryLater(_GONE) from error
    return listener


def _failed(letters: Sequence[_Letter], failure: Exception, *, at: datetime) -> Sequence[int]:
    """Nothing of it has happened: put a single letter off, return the keys of several that are to be told alone now."""
    if len(letters) == 1:
        _put_off(letters[0], failure, tries=letters[0].tries + 1, at=at)
        return ()
    log.exception("told_together_failed", listener=letters[0].listener, count=len(letters))
    return [letter.pk for letter in letters]


def _put_off(letter: _Letter, failure: Exception, *, tries: int, at: datetime) -> None:
    """Write down a failure, and when to try again; after so many ``tries`` never.

    One statement, which may be sent twice: a connection that the listener has broken is found out by it.
    """
    if isinstance(failure, TryLater):
        why, after = str(storable(failure.why)), failure.after
    else:
        log.exception("delivery_failed", listener=letter.listener, news=letter.kind)
        why, after = faults.wording(failure), None
    status = DeliveryStatus.DEAD if tries >= MAX_ATTEMPTS else DeliveryStatus.WAITING
    due_at = at + min(after or _wait(tries), _LATEST)
    _PUT_OFF.rows(status.value, due_at, why[:500], tries, letter.pk, letter.tries)


def _wait(attempts: int) -> timedelta:
    """Return how long to wait after that many attempts: doubling, with jitter so that a herd scatters."""
    wait: timedelta = min(_FIRST_WAIT * 2 ** (attempts - 1), _LONGEST_WAIT)
    return wait * random.uniform(0.8, 1.2)  # noqa: S311 -- jitter, not a secret
