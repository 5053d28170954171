"""The end of groups: WeChat is asked first about the seats that somebody may be paying for, then the group is ended."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import structlog

from apps.base import transactions
from apps.checkout import closing
from apps.groupbuy import selectors as group_facts
from apps.groupbuy import services as groupbuy
from apps.groupbuy.selectors import SeatPlace
from apps.orders.states import Actor
from apps.wechat.errors import WechatUnavailable

log = structlog.get_logger(__name__)

_BATCH: Final = 200
# So many are asked about in one ring: what it does not reach waits for the next, with its groups.
_AT_MOST: Final = 2000
# After so many failures WeChat is taken to be away: groups end on time without it, and what comes later goes back.
_PATIENCE: Final = 3


def end_due(*, at: datetime, batch: int = _BATCH, at_most: int = _AT_MOST) -> int:
    """End the groups whose time is over; return how many. ``at`` is the database's time.

    Their unpaid orders are closed first, at WeChat before here: who paid in time, though the shop has not heard of it, is
    in the group before that is decided. A seat that fails is logged and stops nothing.
    """
    transactions.forbid("closing payments at WeChat")
    return groupbuy.end_due(at=at, before=_close_seats(at=at, batch=batch, at_most=at_most))


def _close_seats(*, at: datetime, batch: int, at_most: int) -> datetime | None:
    """Close the unpaid seats; return the end of the first group that was not reached, None where all were."""
    asked = failures = 0
    after: SeatPlace | None = None
    while seats := group_facts.seated_past_the_end(at=at, after=after, limit=batch):
        for seat in seats:
            if asked == at_most:
                return seat.ends_at
            if failures == _PATIENCE:
                return None
            asked += 1
            try:
                closing.close_unpaid(order_no=seat.order_no, why="拼团已结束", actor=Actor.SYSTEM, at=at)
            except WechatUnavailable:
                failures += 1
            except Exception:
                log.exception("close_seat_failed", order_no=seat.order_no)
        after = seats[-1]
    return None
