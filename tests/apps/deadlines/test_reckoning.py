"""Hours of open days, over weekends and holidays, in Shanghai's half-open days. No database."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from apps.deadlines.reckoning import Days, by_day, within

SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEKENDS = Days(closed_weekdays=frozenset({5, 6}))
# National Day 2026: closed from Thursday the 1st to Wednesday the 7th, and Saturday the 10th is worked.
HOLIDAY = Days(
    closed_weekdays=frozenset({5, 6}),
    otherwise={**{date(2026, 10, day): True for day in range(1, 8)}, date(2026, 10, 10): False},
)


def at(day: int, hour: int = 0, minute: int = 0, *, month: int = 10) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("days", "start", "hours", "due"),
    [
        # Never closed: the clock runs through.
        (Days(), at(9, 18), 48, at(11, 18)),
        # Friday 18:00: six hours on Friday, none at the weekend, 24 on Monday, 18 on Tuesday.
        (WEEKENDS, at(16, 18), 48, at(20, 18)),
        # Paid on a closed day it begins when the shop opens.
        (WEEKENDS, at(17, 10), 48, at(21)),
        # Friday's last instant is Saturday's first, and Saturday begins closed.
        (WEEKENDS, at(16), 24, at(17)),
        (WEEKENDS, at(17), 24, at(20)),
        # Wednesday noon before the holiday: twelve hours, then Thursday the 8th, then twelve on Friday.
        (HOLIDAY, at(30, 12, month=9), 48, at(9, 12)),
        # The Saturday that is worked counts, the Sunday after it does not.
        (HOLIDAY, at(9, 20), 48, at(12, 20)),
        # Half past eight in the evening in London is the next day in Shanghai.
        (WEEKENDS, datetime(2026, 10, 16, 19, 30, tzinfo=ZoneInfo("Europe/London")), 1, at(19, 1)),
    ],
)
def test_hours_count_while_the_shop_works(days: Days, start: datetime, hours: int, due: datetime) -> None:
    assert within(start, hours=hours, days=days) == due


def test_what_is_due_by_a_day_is_due_at_its_end_or_that_of_the_next_open_one() -> None:
    assert by_day(date(2026, 10, 16), days=WEEKENDS) == at(17)
    assert by_day(date(2026, 10, 17), days=WEEKENDS) == at(20)
    assert by_day(date(2026, 10, 3), days=HOLIDAY) == at(9)


def test_a_shop_that_is_never_open_is_answered_all_the_same() -> None:
    never = Days(closed_weekdays=frozenset(range(7)))
    assert within(at(1), hours=48, days=never) > at(1)
    assert by_day(date(2026, 10, 1), days=never) == at(2)
