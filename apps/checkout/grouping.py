"""The end of groups: WeChat is asked first about the seats that somebody may be paying for, then the group is ended."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import structlog

from apps.base import transactions
from apps.checkout import closing
from apps.groupbuy import selectors as group_facts
from apps.groupbuy import services as groupbuy
from apps.orders.states import Actor
from apps.wechat.errors import WechatUnavailable

log = structlog.get_logger(__name__)

_SEATS: Final = 200
# After so many failures WeChat is taken to be away: groups end on time without it, and what comes later goes back.
_PATIENCE: Final = 3


def end_due(*, at: datetime) -> int:
    """End the groups whose time is over; return how many. ``at`` is the database's time.

    Their unpaid orders are closed first, at WeChat before here: who paid in time, though the shop has not heard of it, is
    in the group before that is decided. A seat that fails is logged and stops nothing.
    """
    transactions.forbid("closing payments at WeChat")
    failures = 0
    for order_no in group_facts.seated_past_the_end(at=at, limit=_SEATS):
        if failures == _PATIENCE:
            break
        try:
            closing.close_unpaid(order_no=order_no, why="拼团已结束", actor=Actor.SYSTEM, at=at)
        except WechatUnavailable:
            failures += 1
        except Exception:
            log.exception("close_seat_failed", order_no=order_no)
    return groupbuy.end_due(at=at)
