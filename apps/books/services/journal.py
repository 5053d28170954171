"""The double-entry books: a sweep posts what happened, once; reckoned anew from the facts it must be the same."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

import structlog
from django.db import connection, transaction

from apps.base import days, transactions
from apps.books import journal_selectors as journal_facts
from apps.books import reckoning
from apps.books.models import BookDay
from apps.books.postings import SOURCES, Source
from apps.points import selectors as point_facts

log = structlog.get_logger(__name__)

# A happening is posted once it is this old: whatever had begun by then is committed, and what an order or refund was at
# that moment does not change any more.
_SETTLED_AFTER: Final = timedelta(minutes=5)
# WeChat may tell late of a payment or refund that was made earlier: so far back is looked for it once a day.
_LATE: Final = timedelta(days=7)
# After a pause the books catch up so many days at a ring.
_MOST_DAYS: Final = 31

_POST: Final = """
WITH line AS MATERIALIZED (
    SELECT key, at, order_no, number, account, sum(amount)::bigint AS amount
      FROM ({source}) AS told (key, at, order_no, number, account, amount)
     WHERE NOT EXISTS (SELECT FROM books_journalentry AS known WHERE known.business_key = told.key)
     GROUP BY key, at, order_no, number, account HAVING sum(amount) <> 0
), entry AS (
    INSERT INTO books_journalentry (kind, business_key, revision, day, occurred_at, order_no, number, posted_at)
    SELECT DISTINCT ON (at, key) %(kind)s, key, 0, (at AT TIME ZONE 'Asia/Shanghai')::date, at, order_no, number, %(now)s
      FROM line ORDER BY at, key
    ON CONFLICT DO NOTHING RETURNING id, business_key, day
), posted AS (
    INSERT INTO books_journalline (entry_id, account, day, debit_fen, credit_fen)
    SELECT entry.id, line.account, entry.day, greatest(line.amount, 0), greatest(-line.amount, 0)
      FROM line JOIN entry ON entry.business_key = line.key
)
SELECT count(*) FROM entry
"""
_COMPARE: Final = """
WITH due AS (
    SELECT key, account, sum(amount)::bigint AS fen
      FROM ({source}) AS told (key, at, order_no, number, account, amount)
     GROUP BY key, account HAVING sum(amount) <> 0
), known AS (
    SELECT id, business_key FROM books_journalentry
     WHERE kind = %(kind)s AND day >= %(first)s AND day < %(end)s
     UNION
    SELECT entry.id, entry.business_key
      FROM (SELECT DISTINCT key FROM due) AS asked JOIN books_journalentry AS entry ON entry.business_key = asked.key
), booked AS (
    SELECT known.business_key AS key, line.account, sum(line.debit_fen - line.credit_fen)::bigint AS fen
      FROM known JOIN books_journalline AS line ON line.entry_id = known.id
     GROUP BY known.business_key, line.account
)
SELECT key, account, coalesce(booked.fen, 0), coalesce(due.fen, 0)
  FROM due FULL JOIN booked USING (key, account)
 WHERE coalesce(booked.fen, 0) <> coalesce(due.fen, 0)
 ORDER BY key, account
"""
_CORRECT: Final = """
WITH wrong AS (
    SELECT * FROM jsonb_to_recordset(%(rows)s) AS told (business_key text, account text, more_fen bigint)
), entry AS (
    INSERT INTO books_journalentry (kind, business_key, revision, day, occurred_at, order_no, number, posted_at)
    SELECT first.kind, first.business_key,
           (SELECT max(revision) + 1 FROM books_journalentry AS known WHERE known.business_key = first.business_key),
           first.day, first.occurred_at, first.order_no, first.number, %(now)s
      FROM books_journalentry AS first
     WHERE first.revision = 0 AND first.business_key IN (SELECT business_key FROM wrong)
    RETURNING id, business_key, day
), posted AS (
    INSERT INTO books_journalline (entry_id, account, day, debit_fen, credit_fen)
    SELECT entry.id, wrong.account, entry.day, greatest(wrong.more_fen, 0), greatest(-wrong.more_fen, 0)
      FROM wrong JOIN entry USING (business_key)
)
SELECT count(*) FROM entry
"""


class Difference(NamedTuple):
    """An account on which an entry was posted otherwise than the facts say now; debits are positive, in fen."""

    business_key: str
    account: str
    booked_fen: int
    due_fen: int


class Corrected(NamedTuple):
    """What a correction made: entries that were missing, and revisions of those that were posted otherwise."""

    posted: int
    revised: int


def post_due(*, at: datetime) -> int:
    """Close the days that are over, and post what has happened since; the clock's call. Returns how many entries were made.

    Safe to repeat and side by side: a happening is posted once. The first call opens the books with the shop's first fact.
    """
    transactions.forbid("posting the books")
    until = at - _SETTLED_AFTER
    day = journal_facts.next_to_close()
    if day is None:
        return 0
    today = days.shop_day(until)
    made, closed = 0, 0
    while day < today and closed < _MOST_DAYS:
        made += close_day(day=day, at=at)
        day, closed = day + timedelta(days=1), closed + 1
    if day < today:
        return made
    first = today - (_LATE if closed else timedelta(days=1))
    for late in journal_facts.billed_late(before=first):
        made += post(first=late, until=days.day_window(late)[1], at=at)
    return made + post(first=first, until=until, at=at)


def close_day(*, day: date, at: datetime) -> int:
    """Post a Shanghai day that is over, whole, its points at today's rate; returns how many entries were made.

    One transaction; a day that is closed already stays as it is."""
    _, end = days.day_window(day)
    if end > at:
        raise ValueError(f"{day} is not over")
    rate = point_facts.rules().deduction_points_per_yuan
    with transactions.patient():
        _, is_new = BookDay.objects.get_or_create(
            day=day, defaults={"points_per_yuan": rate, "closed_at": at}
        )
        return post(first=day, until=end, at=at) if is_new else 0


def post(*, first: date, until: datetime, at: datetime) -> int:
    """Post what happened from the first day on, and before ``until``, and is not posted yet. One transaction a kind.

    Returns how many entries were made.
    """
    made = sum(_run(_POST, source, told)[0][0] for source, told in _asked(first, until, again=False, at=at))
    if made:
        log.info("books_posted", count=made)
    return made


def differences(*, first: date, until: datetime, at: datetime) -> Iterator[Difference]:
    """Reckon the books anew from the facts of that time, and say where what was posted differs. Writes nothing."""
    for source, told in _asked(first, until, again=True, at=at):
        yield from (Difference(*row) for row in _run(_COMPARE, source, told))


def correct(*, first: date, until: datetime, at: datetime) -> Corrected:
    """Post what is missing of that time, and for each entry that differs another revision with the difference.

    Returns how many of either. What was posted stays as it was.
    """
    posted = post(first=first, until=until, at=at)
    wrong = list(differences(first=first, until=until, at=at))
    if not wrong:
        return Corrected(posted, 0)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CORRECT, {"rows": _json(_more(wrong)), "now": at})
        (made,) = cursor.fetchone()
    log.warning("books_corrected", count=made)
    return Corrected(posted, int(made))


def _more(wrong: Iterable[Difference]) -> list[dict[str, Any]]:
    return [
        {
            "business_key": one.business_key,
            "account": one.account,
            "more_fen": one.due_fen - one.booked_fen,
        }
        for one in wrong
    ]


def _asked(
    first: date, until: datetime, *, again: bool, at: datetime
) -> Iterator[tuple[Source, dict[str, Any]]]:
    """Each source with what it is asked: the instants of the window, its days, and the lines that are reckoned."""
    end = days.shop_day(until - timedelta(microseconds=1)) + timedelta(days=1)
    told = {
        "since": days.day_window(first)[0],
        "until": until,
        "first": first,
        "end": end,
        "rows": _json(reckoning.rows(since=first, until=end)),
        "again": again,
        "now": at,
    }
    for source in SOURCES:
        yield source, {**told, "kind": source.kind.value}


def _run(question: str, source: Source, told: dict[str, Any]) -> list[tuple[Any, ...]]:
    with transactions.patient(), connection.cursor() as cursor:
        cursor.execute(question.format(source=source.sql), told)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def _json(rows: Iterable[Any]) -> str:
    return json.dumps(list(rows), ensure_ascii=False)
