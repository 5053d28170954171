"""Wrong codes at a counter: so many in an hour, then wait."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import F

from apps.pickup.models import PickupTries
from mall.errors import ShopError

MOST: Final = 20
_PERIOD: Final = timedelta(hours=1)
# Counted before the code is looked at, so that a hundred tries at once do not all see nineteen.
_CHARGE: Final = """
    INSERT INTO pickup_pickuptries AS tries (operator_id, since, wrong) VALUES (%(who)s, %(at)s, 1)
        ON CONFLICT (operator_id) DO UPDATE
       SET wrong = CASE WHEN tries.since <= %(before)s THEN 1 ELSE tries.wrong + 1 END,
           since = CASE WHEN tries.since <= %(before)s THEN %(at)s ELSE tries.since END
     WHERE tries.since <= %(before)s OR tries.wrong < %(most)s
"""


class TooManyTries(ShopError):
    """So many wrong codes within an hour; ``details`` says in how many seconds the next may be tried."""

    code = "throttled"
    message = "取货码错误次数过多，请稍后再试"


def charge(*, operator_id: int, at: datetime) -> None:
    """Count one try of this operator, before it is known to be wrong. Raises TooManyTries.

    Not to be called inside a transaction, whose rollback would forget it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CHARGE, {"who": operator_id, "at": at, "before": at - _PERIOD, "most": MOST})
        charged = cursor.rowcount
    if not charged:
        since = PickupTries.objects.values_list("since", flat=True).get(pk=operator_id)
        wait = max(1, int((since + _PERIOD - at).total_seconds()))
        raise TooManyTries(details={"retry_after": wait})


def discharge(*, operator_id: int) -> None:
    """Take the try back: it was a right one."""
    PickupTries.objects.filter(pk=operator_id, wrong__gt=0).update(wrong=F("wrong") - 1)
