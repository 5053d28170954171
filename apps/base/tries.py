"""Wrong tries: so many in an hour, then wait. For members who type codes and operators who type passes at a till or counter.

A room keeps the counts in a table of its own: whose they are is the key, with ``since`` and ``wrong``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import F, Model

from mall.errors import ShopError

_PERIOD: Final = timedelta(hours=1)

# Counted before the code is looked at, so that a hundred tries at once do not all see nine.
_CHARGE: Final = """
    INSERT INTO {table} AS tries ({who}, since, wrong) VALUES (%(who)s, %(at)s, 1)
        ON CONFLICT ({who}) DO UPDATE
       SET wrong = CASE WHEN tries.since <= %(before)s THEN 1 ELSE tries.wrong + 1 END,
           since = CASE WHEN tries.since <= %(before)s THEN %(at)s ELSE tries.since END
     WHERE tries.since <= %(before)s OR tries.wrong < %(most)s
"""


class TooManyTries(ShopError):
    """So many wrong codes within an hour; ``details`` says in how many seconds the next may be tried."""

    code = "throttled"
    message = "错误次数过多，请稍后再试"


def charge(tries: type[Model], *, who: int, at: datetime, most: int, message: str = "") -> None:
    """Count one try of this member or operator, before it is known to be wrong. Raises TooManyTries.

    Not to be called inside a transaction, whose rollback would forget it.
    """
    sql = _CHARGE.format(table=tries._meta.db_table, who=tries._meta.pk.column)
    with connection.cursor() as cursor:
        cursor.execute(sql, {"who": who, "at": at, "before": at - _PERIOD, "most": most})
        charged = cursor.rowcount
    if not charged:
        since = tries._default_manager.values_list("since", flat=True).get(pk=who)
        wait = max(1, int((since + _PERIOD - at).total_seconds()))
        raise TooManyTries(message or None, details={"retry_after": wait})


def discharge(tries: type[Model], *, who: int) -> None:
    """Take the try back: it was a right one."""
    tries._default_manager.filter(pk=who, wrong__gt=0).update(wrong=F("wrong") - 1)
