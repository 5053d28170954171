"""How promises were kept, by the Shanghai day on which they were given: one statement."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db import connection

from mall import money

# The merchant's borders, in basis points: what leaves the next day at the latest, and what is out of stock.
NEXT_DAY_BP: Final = 9_800
STOCK_OUT_BP: Final = 500

# The next day ends two midnights after the day on which it was owed began. What was refunded before it left is no
# broken promise; what has not left is late from the instant at which it was due.
_SQL: Final = """
    WITH owed AS (
        SELECT deadline.*,
               (owed_at AT TIME ZONE %(zone)s)::date AS day,
               ((owed_at AT TIME ZONE %(zone)s)::date + 2)::timestamp AT TIME ZONE %(zone)s AS next_day_ends,
               EXISTS (SELECT FROM deadlines_delay delay
                        WHERE delay.order_id = deadline.order_id AND delay.reason = 'STOCK_OUT') AS out_of_stock,
               EXISTS (SELECT FROM deadlines_delay delay
                        WHERE delay.order_id = deadline.order_id AND delay.status = 'WAITS') AS agreed
          FROM deadlines_deadline deadline
         WHERE owed_at >= %(since)s AND owed_at < %(until)s
           AND (%(shops)s::bigint[] IS NULL OR EXISTS (
                   SELECT FROM orders_order placed WHERE placed.id = deadline.order_id
                      AND (placed.delivery ->> 'place_id')::bigint = ANY(%(shops)s)))
    )
    SELECT day, COUNT(*),
           COUNT(*) FILTER (WHERE outcome = 'KEPT'),
           COUNT(*) FILTER (WHERE outcome = 'LATE' OR (outcome = '' AND first_promised_at <= %(at)s)),
           COUNT(*) FILTER (WHERE outcome = 'LATE' AND agreed AND ended_at < promised_at),
           COUNT(*) FILTER (WHERE outcome = 'GONE'),
           COUNT(*) FILTER (WHERE source = 'ORDINARY' AND outcome <> 'GONE'
                              AND (ended_at < next_day_ends OR next_day_ends <= %(at)s)),
           COUNT(*) FILTER (WHERE source = 'ORDINARY' AND outcome IN ('KEPT', 'LATE') AND ended_at < next_day_ends),
           COUNT(*) FILTER (WHERE out_of_stock)
      FROM owed GROUP BY day ORDER BY day DESC
"""


class Line(NamedTuple):
    """Orders that were owed on one day, and how they were kept; counts.

    ``agreed`` are those of ``late`` whose buyer agreed to a later day that was kept. ``judged`` are the ordinary ones of
    which it is known whether they left by the end of the next day, ``next_day`` those that did.
    """

    day: date | None
    owed: int
    kept: int
    late: int
    agreed: int
    gone: int
    judged: int
    next_day: int
    out_of_stock: int

    @property
    def next_day_bp(self) -> int | None:
        """The next-day rate in basis points; None where nothing can be judged yet."""
        return _rate(self.next_day, self.judged)

    @property
    def stock_out_bp(self) -> int | None:
        """The stock-out rate in basis points."""
        return _rate(self.out_of_stock, self.owed)

    @property
    def misses_next_day(self) -> bool:
        """Whether fewer left the next day than the merchant's border."""
        return self.next_day * money.WHOLE_BP < NEXT_DAY_BP * self.judged

    @property
    def lacks_too_much(self) -> bool:
        """Whether more was out of stock than the merchant's border."""
        return self.out_of_stock * money.WHOLE_BP > STOCK_OUT_BP * self.owed


def by_day(
    *, since: datetime, until: datetime, at: datetime, shops: Collection[int] | None = None
) -> list[Line]:
    """The days of ``[since, until)`` on which anything was owed, the newest first, as it is known at that moment.

    Of the orders that these ``shops`` hand over or bring, or of all.
    """
    told: dict[str, Any] = {"zone": settings.TIME_ZONE, "since": since, "until": until, "at": at}
    with connection.cursor() as cursor:
        cursor.execute(_SQL, {**told, "shops": None if shops is None else sorted(shops)})
        return [Line(*row) for row in cursor.fetchall()]


def total(lines: Sequence[Line]) -> Line:
    """All days in one."""
    return Line(None, *(sum(figures) for figures in zip(*(line[1:] for line in lines), strict=True)))


def percent(bp: int | None) -> str:
    """A rate as people read it: ``98.00%``; a dash where there is none."""
    return "—" if bp is None else money.percent(bp)


def _rate(part: int, whole: int) -> int | None:
    return money.rate_bp(part, of=whole) if whole else None
