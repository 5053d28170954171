"""Shanghai days: where a day begins and ends for the shop."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.utils import timezone

from mall.errors import Invalid


def local(at: datetime) -> datetime:
    """Return the same instant in the shop's time."""
    return at.astimezone(timezone.get_default_timezone())


def shop_day(at: datetime) -> date:
    """Return the shop's calendar day of an instant."""
    return local(at).date()


def told(at: datetime) -> str:
    """Return an instant as every answer tells it: ISO 8601 in the shop's time, with its offset, ``Z`` for none."""
    text = local(at).isoformat()
    return f"{text[:-6]}Z" if text.endswith("+00:00") else text


def minute(instant: datetime, *, at: datetime, seconds: bool = False) -> str:
    """Return an instant to the minute (or second) for people: ``12-04 20:00`` by the shop's clock.

    With its year where that is not the year of ``at``: whoever approves what ends in 9999 must see it.
    """
    here = local(instant)
    # Not by strftime, which writes the year 999 as 999 and differs between systems.
    year = "" if here.year == local(at).year else f"{here.year:04d}-"
    return f"{year}{here:%m-%d %H:%M:%S}" if seconds else f"{year}{here:%m-%d %H:%M}"


def moment(day: date, clock: time) -> datetime:
    """Return the instant at which the shop's clock shows this time on this day."""
    return datetime.combine(day, clock, tzinfo=timezone.get_default_timezone())


def day_window(day: date) -> tuple[datetime, datetime]:
    """Return the half-open window ``[start, end)`` of a shop day as instants."""
    return moment(day, time.min), moment(day + timedelta(days=1), time.min)


def month_window(day: date) -> tuple[datetime, datetime]:
    """Return the half-open window ``[start, end)`` of the shop's calendar month in which a day is."""
    first = day.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return day_window(first)[0], day_window(following)[0]


class PeriodUnknown(Invalid):
    """Not one of a leaderboard's periods; ``details`` lists them."""

    code = "period_unknown"
    message = "榜单周期无效"


def period_window(said: str | None, *, at: datetime) -> tuple[datetime, datetime]:
    """The Shanghai week (from Monday) or month of a moment, ``[start, end)``; nothing said is the week.

    Raises PeriodUnknown.
    """
    today = shop_day(at)
    period = said or "week"
    if period == "week":
        first = today - timedelta(days=today.weekday())
        following = first + timedelta(days=7)
    elif period == "month":
        return month_window(today)
    else:
        raise PeriodUnknown(details={"known": ["week", "month"]})
    return day_window(first)[0], day_window(following)[0]
