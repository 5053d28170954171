"""How long points live: the rules read as dates. Pure, no database."""

from __future__ import annotations

import calendar
from datetime import date, datetime

from apps.base import days
from apps.points.models import Rules


def expiry(rules: Rules, *, at: datetime) -> datetime | None:
    """The instant at which points earned now are gone: the end of a Shanghai day; None for never.

    So many months after 31 January is the last day of a shorter month.
    """
    today = days.shop_day(at)
    if rules.expiry == Rules.Expiry.NEVER:
        return None
    if rules.expiry == Rules.Expiry.END_OF_NEXT_YEAR:
        return days.day_window(date(today.year + 1, 12, 31))[1]
    months = today.month - 1 + rules.expiry_months
    year, month = today.year + months // 12, months % 12 + 1
    last = calendar.monthrange(year, month)[1]
    return days.day_window(date(year, month, min(today.day, last)))[1]
