"""The database's clock, by which sweeps decide what is due, and how far this process's own clock is from it.

Many processes on many machines share one database. A worker whose clock is an hour ahead would close orders that
were placed a minute ago; whatever a sweep compares with rows is therefore read where the rows are.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.utils import timezone

# NTP keeps machines within milliseconds; some seconds apart is a fault, though not yet a danger.
TOO_FAR: Final = timedelta(seconds=5)


def database_now() -> datetime:
    """Return the database's time, also in the middle of a transaction (``now()`` would be its beginning)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    moment: datetime = now
    return moment


def read() -> tuple[datetime, timedelta]:
    """Return the database's time, and how far this process is ahead of it (negative: behind).

    Taken between two looks at our own clock, so that a slow answer of the database is no skew.
    """
    before = timezone.now()
    there = database_now()
    after = timezone.now()
    if before <= there <= after:
        return there, timedelta(0)
    return there, before - there if before > there else after - there


def is_too_far(ahead: timedelta) -> bool:
    """Whether a clock is wrong enough for somebody to look at it."""
    return abs(ahead) > TOO_FAR


def told(ahead: timedelta) -> str:
    """Return how wrong a clock is, in words: ``3600 s ahead``."""
    seconds = round(ahead.total_seconds())
    return f"{abs(seconds)} s {'ahead' if seconds > 0 else 'behind'}"
