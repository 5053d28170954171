"""Read flash sales: the sessions of days, what is left of their goods for a member, whose turn it is, how a session went."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import connection
from django.db.models import F, QuerySet

from apps.base import days, planned
from apps.campaigns.refusals import ActivityNotFound
from apps.campaigns.states import Approval
from apps.flashsale import kept
from apps.flashsale.kept import KeptGood, KeptSession
from apps.flashsale.models import Good, Reminder, Session, Wait
from apps.flashsale.states import WaitState
from apps.inventory import selectors as stock_facts
from apps.members.models import Member

__all__ = [
    "KIND",
    "KeptGood",
    "KeptSession",
    "Left",
    "Turnout",
    "find",
    "lefts",
    "of_session",
    "place_of",
    "reminders_due",
    "right_holders",
    "sessions",
    "state_at",
    "turnout",
    "unbalanced",
    "waits_of",
]

# So long before its start a session is told of to who asked for it.
REMIND_BEFORE: Final = timedelta(minutes=5)
# The word of the contract: of orders, of quotas, of windows.
KIND: Final = "flash_sale"
# Without a day the list shows so many days, today included.
_AHEAD: Final = timedelta(days=7)
# Days of other years are asked for by mistake; the ends of the calendar have no next day.
_YEARS: Final = range(2000, 2100)

# What is left of goods, of whatever number: quota and the member's part of it, the shelf, who waits, all as of one moment.
_LEFTS: Final = f"""
    SELECT good.id, quota.quota, quota.taken, quota.set_aside, COALESCE(mine.units, 0),
           {stock_facts.free_units("good.sku_id")},
           EXISTS (SELECT FROM flashsale_wait WHERE good_id = good.id AND state = 'WAITING'),
           EXISTS (SELECT FROM flashsale_wait WHERE good_id = good.id AND member_id = %(member_id)s
                      AND state = 'YOURS' AND until > %(at)s),
           EXISTS (SELECT FROM flashsale_reminder WHERE good_id = good.id AND member_id = %(member_id)s)
      FROM unnest(%(good_ids)s, %(sku_ids)s) AS good (id, sku_id)
      JOIN campaigns_quota AS quota ON quota.kind = 'flash_sale' AND quota.key = good.id::text
      LEFT JOIN campaigns_memberunits AS mine ON mine.quota_id = quota.id AND mine.member_id = %(member_id)s
"""  # noqa: S608 -- a text of our own
_UNBALANCED: Final = """
    SELECT q.key, q.set_aside, count(w.id) FILTER (WHERE w.state = 'YOURS')
      FROM campaigns_quota q LEFT JOIN flashsale_wait w ON w.good_id::text = q.key
     WHERE q.kind = 'flash_sale' GROUP BY q.id HAVING q.set_aside <> count(w.id) FILTER (WHERE w.state = 'YOURS')
     ORDER BY q.id
"""
_TURNOUT: Final = """
    WITH mine AS (
        SELECT q.id AS quota_id, q.quota, t.order_no, t.member_id, t.units, t.verb, t.at, t.id,
               SUM(t.units) OVER (PARTITION BY q.id ORDER BY t.id) AS so_far
          FROM campaigns_quota q JOIN campaigns_take t ON t.quota_id = q.id
         WHERE q.kind = 'flash_sale' AND q.key = ANY(%(keys)s)),
    paid AS (
        SELECT o.order_no FROM orders_order o
         WHERE o.paid_at IS NOT NULL AND o.order_no IN (SELECT order_no FROM mine))
    SELECT (SELECT COALESCE(SUM(units), 0)::bigint FROM mine WHERE order_no IN (SELECT order_no FROM paid)),
           (SELECT MAX(at) FROM (SELECT quota_id, MIN(at) AS at FROM mine WHERE so_far >= quota GROUP BY quota_id) AS f),
           (SELECT count(DISTINCT quota_id) FROM mine WHERE so_far >= quota)
"""


class Left(NamedTuple):
    """What is left of a good at this moment.

    ``units`` are those that the member may order (anybody, without a member); ``aside`` those that waiters have a
    right to; ``waiting`` says that somebody waits, ``mine`` that one of those rights is the member's own. ``used``
    are the units that the member has already.
    """

    units: int
    aside: int
    waiting: bool
    mine: bool
    reminded: bool
    used: int


class Turnout(NamedTuple):
    """How a session sold: units paid less refunded ones, since when everything is sold out (None if not), how many
    goods are.
    """

    units: int
    sold_out_at: datetime | None
    sold_out_goods: int


def sessions(*, day: date | None, at: datetime, product_id: int | None = None) -> list[KeptSession]:
    """The sessions that shoppers are told of: those that meet a Shanghai day, or the next seven days (today included).

    With a product those that have it.

    No statement for today and later while nothing changes; two for days gone by.
    """
    if day is None:
        start, _ = days.day_window(days.shop_day(at))
        end = start + _AHEAD
        start = at
    elif day.year not in _YEARS:
        return []
    else:
        start, end = days.day_window(day)
    board = kept.board(at=at)
    today, _ = days.day_window(days.shop_day(at))
    found = board.sessions if start >= today else kept.between(start=start, end=end)
    shown = [row for row in found if row.meets(start, end) and row.shown_at(at=at)]
    if product_id is None:
        return shown
    return [row for row in shown if any(_is_of(good, product_id) for good in row.goods)]


def _is_of(good: KeptGood, product_id: int) -> bool:
    return good.product_id == product_id and not good.withdrawn


def find(good_id: int, *, at: datetime) -> tuple[KeptSession, KeptGood]:
    """A good and its session, over or not. No statement for those of today and later.

    Raises ActivityNotFound where there is none, or only a draft.
    """
    found = kept.board(at=at).goods.get(good_id)
    if found is not None:
        return found
    row = Good.objects.filter(pk=good_id).values_list("session__starts_at", "session__ends_at").first()
    if row is not None:
        for session in kept.between(start=row[0], end=row[1]):
            for good in session.goods:
                if good.id == good_id:
                    return session, good
    raise ActivityNotFound


def lefts(goods: Collection[KeptGood], *, member: Member | None, at: datetime) -> dict[int, Left]:
    """What is left of each good for the member (None: for anybody), by the good's id: one statement."""
    if not goods:
        return {}
    told: dict[str, Any] = {
        "good_ids": [good.id for good in goods],
        "sku_ids": [good.sku_id for good in goods],
        "member_id": member.pk if member else None,
        "at": at,
    }
    found = {row[0]: _Counted(*row[1:]) for row in planned.rows(_LEFTS, told)}
    return {good.id: _left(good, found[good.id]) for good in goods}


class _Counted(NamedTuple):
    """What one row of ``_LEFTS`` says of a good, its id left out."""

    quota: int | None
    taken: int
    set_aside: int
    used: int
    shelf: int
    waiting: bool
    mine: bool
    reminded: bool


def _left(good: KeptGood, counted: _Counted) -> Left:
    quota = good.quota if counted.quota is None else counted.quota
    for_all = min(quota - counted.taken, counted.shelf) - counted.set_aside
    # Who waits goes before who passes by, also in the moment before their turn is given.
    units = 0 if counted.waiting or good.withdrawn or not good.on_sale else max(0, for_all)
    right = int(counted.mine and counted.shelf > 0 and counted.set_aside > 0)
    return Left(
        units + right, counted.set_aside, counted.waiting, bool(right), counted.reminded, counted.used
    )


def waits_of(member: Member) -> QuerySet[Wait]:
    """The member's places and rights, of whatever state."""
    return Wait.objects.filter(member=member)


def right_holders(good_id: int, *, at: datetime) -> list[int]:
    """The ids of the members who have a right to a unit of a good at this moment: one statement."""
    rights = Wait.objects.filter(good_id=good_id, state=WaitState.YOURS, until__gt=at)
    return list(rights.values_list("member_id", flat=True))


def state_at(wait: Wait, *, at: datetime) -> str:
    """Where a place stands at this moment: a right whose time is over has lapsed, also before a sweep says so."""
    if wait.state == WaitState.YOURS and wait.until is not None and wait.until <= at:
        return WaitState.LAPSED
    return wait.state


class StartReminder(NamedTuple):
    """A member asked to be told that a good's session is about to begin."""

    member_id: int
    good_id: int
    starts_at: datetime


def reminders_due(*, since: datetime, at: datetime) -> list[StartReminder]:
    """Whom to tell of a session that begins so soon (``REMIND_BEFORE``) after a moment later than ``since``, up to ``at``.

    One statement. What was stopped, paused, withdrawn or has begun is nobody's news. Whoever sends messages asks from
    where they asked last; a member is told of a good once.
    """
    soon = Reminder.objects.filter(
        good__withdrawn=False,
        good__session__approval=Approval.APPROVED,
        good__session__starts_at__gt=max(at, since + REMIND_BEFORE),
        good__session__starts_at__lte=at + REMIND_BEFORE,
    )
    rows = soon.annotate(starts_at=F("good__session__starts_at")).order_by("starts_at", "id")
    return [StartReminder(row.member_id, row.good_id, row.starts_at) for row in rows]


def place_of(wait: Wait) -> int:
    """Which one in the queue it is: 1 is next. 0 for one that does not wait."""
    if wait.state != WaitState.WAITING:
        return 0
    queue = Wait.objects.filter(good_id=wait.good_id, state=WaitState.WAITING)
    before = queue.filter(queued_at__lt=wait.queued_at) | queue.filter(
        queued_at=wait.queued_at, id__lt=wait.pk
    )
    return before.count() + 1


def of_session(session: Session) -> list[Good]:
    """The goods that a session has now, with SKU and product at hand."""
    return list(session.goods.filter(withdrawn=False).select_related("sku__product"))


def turnout(session: Session) -> Turnout:
    """How a session went: two statements."""
    keys = [str(pk) for pk in session.goods.values_list("pk", flat=True)]
    with connection.cursor() as cursor:
        cursor.execute(_TURNOUT, {"keys": keys})
        found = Turnout(*cursor.fetchone())
    return found if found.sold_out_goods == len(keys) else found._replace(sold_out_at=None)


def unbalanced() -> list[tuple[str, int, int]]:
    """Goods whose units set aside are not as many as there are rights: id, set aside, rights; none, if all is well."""
    with connection.cursor() as cursor:
        cursor.execute(_UNBALANCED)
        return list(cursor.fetchall())
