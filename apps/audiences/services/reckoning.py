"""Recency, frequency, money: each member's figures out of their orders, the borders of the scores, and the classes.

All of it is SQL over slices of members, each a transaction of its own, so that no lock is held for long. The first night
reads every order; later ones only the members whose orders changed, or whose orders left the window, since.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db import connection, transaction

from apps.audiences import selectors as audience_facts
from apps.audiences.models import Reckoning, RfmRules
from apps.audiences.services.keeping import night_of
from apps.audiences.states import Borders
from apps.base.days import day_window, shop_day
from apps.members.models import Member

# Money may have come in, by WeChat's clock, before the shop heard of it: so far back orders are looked at once more.
_OVERLAP: Final = timedelta(days=2)
_CHUNK: Final = 5_000
# Held for one slice at a time, so that two sweeps side by side do not wait for each other's rows in a ring.
_ALONE: Final = "SELECT pg_advisory_xact_lock(hashtext('audiences_rfm'))"

_SLICE: Final = "member.id > %(after)s AND member.id <= %(until)s"
_CHOSEN: Final = "member.id = ANY(%(ids)s)"

# The figures of the members asked for. Where nothing changed no row is written.
_FIGURES: Final = """
    INSERT INTO audiences_rfm AS rfm (member_id, first_paid_at, last_paid_at, orders, spent_fen, orders_ever,
                                      province, city, r, f, m, standing, since, reckoned_at)
    SELECT found.id, found.first_paid_at, found.last_paid_at, found.orders, found.spent_fen, found.orders_ever,
           left(coalesce(latest.province, ''), 20), left(coalesce(latest.city, ''), 20),
           0, 0, 0, 'NEVER', %(at)s, %(at)s
      FROM (
        SELECT member.id, min(bought.paid_at) AS first_paid_at, max(bought.paid_at) AS last_paid_at,
               count(bought.paid_at) FILTER (WHERE bought.paid_at >= %(since)s) AS orders,
               coalesce(sum(bought.payable_fen - bought.refunded_fen)
                        FILTER (WHERE bought.paid_at >= %(since)s), 0) AS spent_fen,
               count(bought.paid_at) AS orders_ever
          FROM members_member AS member
          LEFT JOIN orders_order AS bought ON bought.member_id = member.id AND bought.paid_at IS NOT NULL
                                          AND bought.status <> 'REFUNDED'
         WHERE {whom} AND member.erased_at IS NULL
         GROUP BY member.id
      ) AS found
      LEFT JOIN LATERAL (
        SELECT address ->> 'province' AS province, address ->> 'city' AS city
          FROM orders_order AS sent
         WHERE sent.member_id = found.id AND sent.paid_at = found.last_paid_at AND sent.status <> 'REFUNDED'
         LIMIT 1
      ) AS latest ON true
        ON CONFLICT (member_id) DO UPDATE
       SET first_paid_at = excluded.first_paid_at, last_paid_at = excluded.last_paid_at,
           orders = excluded.orders, spent_fen = excluded.spent_fen, orders_ever = excluded.orders_ever,
           province = excluded.province, city = excluded.city
     WHERE (rfm.first_paid_at, rfm.last_paid_at, rfm.orders, rfm.spent_fen, rfm.orders_ever, rfm.province, rfm.city)
           IS DISTINCT FROM
           (excluded.first_paid_at, excluded.last_paid_at, excluded.orders, excluded.spent_fen,
            excluded.orders_ever, excluded.province, excluded.city)
"""

# ``days`` are the most that score 5, 4, 3, 2; ``orders`` and ``money`` the least that score 2, 3, 4, 5.
# The classes say what ``states.standing_of`` says.
CLASSES: Final = """
    CASE WHEN NOT bought THEN 'NEVER'
         WHEN is_new THEN 'NEW'
         WHEN r >= 4 AND f >= 4 AND m >= 4 THEN 'VALUABLE'
         WHEN r <= 2 AND (f >= 4 OR m >= 4) THEN 'CHURNING'
         WHEN r <= 2 THEN 'SLEEPING'
         WHEN f >= 3 OR m >= 4 THEN 'POTENTIAL'
         ELSE 'STEADY' END
"""
_SCORES: Final = """
    UPDATE audiences_rfm AS rfm
       SET r = scored.r, f = scored.f, m = scored.m, standing = scored.standing, reckoned_at = %(at)s,
           since = CASE WHEN rfm.standing = scored.standing THEN rfm.since ELSE %(at)s END
      FROM (
        SELECT id, r, f, m, {classes} AS standing
          FROM (
            SELECT member.member_id AS id, orders_ever > 0 AS bought,
                   orders_ever = 1 AND first_paid_at >= %(new_since)s AS is_new,
                   CASE WHEN orders_ever = 0 THEN 0 ELSE
                       5 - width_bucket(%(today)s::date - (last_paid_at AT TIME ZONE %(zone)s)::date,
                                        %(days)s::int[]) END AS r,
                   CASE WHEN orders_ever = 0 THEN 0 ELSE 1 + width_bucket(orders, %(orders)s::int[]) END AS f,
                   CASE WHEN orders_ever = 0 THEN 0 ELSE 1 + width_bucket(spent_fen, %(money)s::bigint[]) END AS m
              FROM audiences_rfm AS member
             WHERE {whom}
          ) AS figured
      ) AS scored
     WHERE scored.id = rfm.member_id
       AND (rfm.r, rfm.f, rfm.m, rfm.standing) IS DISTINCT FROM (scored.r, scored.f, scored.m, scored.standing)
"""

# Fifths of those who bought; of orders and money, of those who did in the window. Equal figures score the same.
_FIFTHS: Final = """
    SELECT percentile_disc(ARRAY[0.2, 0.4, 0.6, 0.8]) WITHIN GROUP (
               ORDER BY %(today)s::date - (last_paid_at AT TIME ZONE %(zone)s)::date),
           percentile_disc(ARRAY[0.2, 0.4, 0.6, 0.8]) WITHIN GROUP (ORDER BY orders) FILTER (WHERE orders > 0),
           percentile_disc(ARRAY[0.2, 0.4, 0.6, 0.8]) WITHIN GROUP (ORDER BY spent_fen) FILTER (WHERE orders > 0)
      FROM audiences_rfm WHERE orders_ever > 0
"""

# Whose orders were paid or refunded since, or left the window: each by an index of a time.
_CHANGED: Final = """
    SELECT member_id FROM orders_order WHERE paid_at >= %(since)s
     UNION
    SELECT bought.member_id FROM orders_orderrefund AS refund JOIN orders_order AS bought ON bought.id = refund.order_id
     WHERE refund.at >= %(since)s
     UNION
    SELECT member_id FROM orders_order WHERE paid_at >= %(left_from)s AND paid_at < %(left_until)s
"""
_NEW: Final = """
    SELECT member.id FROM members_member AS member
     WHERE member.erased_at IS NULL AND NOT EXISTS (SELECT FROM audiences_rfm WHERE member_id = member.id)
"""


class Scale(NamedTuple):
    """The borders of the scores, as a night found them or the rules say."""

    days: list[int]
    orders: list[int]
    money_fen: list[int]


def reckon_due(*, at: datetime) -> int:
    """Reckon the night that has begun, or only whose orders changed since; return how many members were looked at."""
    last = audience_facts.last_reckoning()
    if last is None or last.day < night_of(at=at):
        return _night(last, at=at)
    seen = _changed(last, at=at)
    _figure_chosen(seen, since=_window(last.window_days, at=at), at=at)
    scale = Scale(last.days, last.orders, last.money_fen)
    for ids in _chunks(seen):
        _score("member.member_id = ANY(%(ids)s)", {"ids": ids}, scale, new_days=last.new_days, at=at)
    Reckoning.objects.filter(pk=last.pk).update(seen_until=at)
    return len(seen)


def _night(last: Reckoning | None, *, at: datetime) -> int:
    rules = audience_facts.rules()
    since = _window(rules.window_days, at=at)
    if last is None or last.window_days != rules.window_days:
        looked = _figure_all(since=since, at=at)
    else:
        seen = sorted({*_changed(last, at=at), *_column(_NEW, {})})
        _figure_chosen(seen, since=since, at=at)
        looked = len(seen)
    scale = _scale(rules, at=at)
    for after, until in _slices():
        whom = "member.member_id > %(after)s AND member.member_id <= %(until)s"
        _score(whom, {"after": after, "until": until}, scale, new_days=rules.new_days, at=at)
    Reckoning.objects.update_or_create(
        day=night_of(at=at),
        defaults={
            "at": at,
            "borders": rules.borders,
            "window_days": rules.window_days,
            "new_days": rules.new_days,
            "days": scale.days,
            "orders": scale.orders,
            "money_fen": scale.money_fen,
            "sizes": audience_facts.standing_sizes(),
            "seen_until": at,
        },
    )
    return looked


def _scale(rules: RfmRules, *, at: datetime) -> Scale:
    """The borders by the rules; with nobody to part in fifths, the shop's own."""
    own = Scale(rules.own_days, rules.own_orders, rules.own_money_fen)
    if rules.borders == Borders.OWN:
        return own
    with connection.cursor() as cursor:
        cursor.execute(_FIFTHS, {"today": shop_day(at), "zone": settings.TIME_ZONE})
        days, orders, money_fen = cursor.fetchone()
    # A fifth ends with its highest figure, and the next begins above it.
    return Scale(
        days or own.days,
        [figure + 1 for figure in orders] if orders else own.orders,
        [figure + 1 for figure in money_fen] if money_fen else own.money_fen,
    )


def _changed(last: Reckoning, *, at: datetime) -> list[int]:
    """Whose figures may be others than when orders were looked at last, rising."""
    return sorted(
        _column(
            _CHANGED,
            {
                "since": last.seen_until - _OVERLAP,
                "left_from": _window(last.window_days, at=last.seen_until),
                "left_until": _window(last.window_days, at=at),
            },
        )
    )


def _figure_all(*, since: datetime, at: datetime) -> int:
    looked = 0
    for after, until in _slices():
        _figure(_SLICE, {"after": after, "until": until}, since=since, at=at)
        looked += until - after
    return looked


def _figure_chosen(ids: Sequence[int], *, since: datetime, at: datetime) -> None:
    for some in _chunks(ids):
        _figure(_CHOSEN, {"ids": some}, since=since, at=at)


@transaction.atomic
def _figure(whom: str, who: dict[str, Any], *, since: datetime, at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_ALONE)
        cursor.execute(_FIGURES.format(whom=whom), {**who, "since": since, "at": at})


@transaction.atomic
def _score(whom: str, who: dict[str, Any], scale: Scale, *, new_days: int, at: datetime) -> None:
    values = {
        **who,
        "at": at,
        "today": shop_day(at),
        "zone": settings.TIME_ZONE,
        "new_since": _window(new_days, at=at),
        # From the day after its last one a border is passed.
        "days": [day + 1 for day in scale.days],
        "orders": scale.orders,
        "money": scale.money_fen,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ALONE)
        cursor.execute(_SCORES.format(whom=whom, classes=CLASSES), values)


def _window(days: int, *, at: datetime) -> datetime:
    """When the last so many Shanghai days began: today is the last of them."""
    first: date = shop_day(at) - timedelta(days=days - 1)
    return day_window(first)[0]


def _column(text: str, values: dict[str, Any]) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(text, values)
        return {row[0] for row in cursor.fetchall()}


def _chunks(ids: Sequence[int]) -> Iterable[list[int]]:
    return (list(ids[first : first + _CHUNK]) for first in range(0, len(ids), _CHUNK))


def _slices() -> Iterator[tuple[int, int]]:
    last = Member.objects.order_by("-id").values_list("id", flat=True).first() or 0
    for after in range(0, last, audience_facts.SLICE):
        yield after, min(after + audience_facts.SLICE, last)
