"""Shanghai days: where a day begins and ends for the shop."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings


def shop_day(at: datetime) -> date:
    """Return the shop's calendar day of an instant."""
    return at.astimezone(ZoneInfo(settings.TIME_ZONE)).date()


def day_window(day: date) -> tuple[datetime, datetime]:
    """Return the half-open window ``[start, end)`` of a shop day as instants."""
    zone = ZoneInfo(settings.TIME_ZONE)
    return (
        datetime.combine(day, time.min, tzinfo=zone),
        datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone),
    )
