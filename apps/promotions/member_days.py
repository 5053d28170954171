"""Member days (会员日): whether a Shanghai day is one. Pure."""

from __future__ import annotations

from datetime import date
from typing import Final

from apps.promotions.models import MemberDay

WEEKDAYS: Final = "一二三四五六日"


def falls_on(row: MemberDay, day: date) -> bool:
    """Whether the day is a member day of this row: by weekday (Monday is 1) or by day of the month."""
    return row.enabled and (day.isoweekday() in row.weekdays or day.day in row.month_days)


def sentence(row: MemberDay) -> str:
    """The days in words: 「每周五、每月15日」."""
    weekly = [f"每周{WEEKDAYS[weekday - 1]}" for weekday in sorted(row.weekdays)]
    monthly = [f"每月{day}日" for day in sorted(row.month_days)]
    return "、".join([*weekly, *monthly])
