"""Reckons when something is due by the shop's own days. Pure: no statement, no clock.

Days are Shanghai days and half-open: what is due by a day is due at the midnight that ends it, and an instant is late at
which it is due. Time on a day that the shop is closed does not count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from apps.base.days import day_window, shop_day

# A shop that is closed for longer than that has other worries; what is asked of days beyond is answered as if it worked.
FARTHEST: Final = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Days:
    """When the shop works: the weekdays it is closed on (Monday is 0), and days that are otherwise (True: closed)."""

    closed_weekdays: frozenset[int] = frozenset()
    otherwise: Mapping[date, bool] = field(default_factory=dict)

    def closed(self, day: date) -> bool:
        """Whether nothing leaves on that day."""
        return self.otherwise.get(day, day.weekday() in self.closed_weekdays)


def within(start: datetime, *, hours: int, days: Days) -> datetime:
    """The instant at which so many hours have passed since ``start`` while the shop worked."""
    left, moment = timedelta(hours=hours), start
    while moment - start <= FARTHEST:
        day = shop_day(moment)
        end = day_window(day)[1]
        if not days.closed(day):
            if left <= end - moment:
                return moment + left
            left -= end - moment
        moment = end
    return moment + left


def by_day(day: date, *, days: Days) -> datetime:
    """The end of that day, or of the next one on which the shop works."""
    for later in range(FARTHEST.days):
        found = day + timedelta(days=later)
        if not days.closed(found):
            return day_window(found)[1]
    return day_window(day)[1]
